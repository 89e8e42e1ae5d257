package io.adapt4j.lora.internal.layer;

import io.adapt4j.core.method.MergeMethod;

/** Method of combining several adapters into one. */
public sealed interface Blend {

  /**
   * Sums the A matrices and the B matrices separately, each multiplied by the square root of weight
   * times scale, like PEFT's {@code linear}. Keeps the rank, which must be the same in all. The
   * result is not the sum of the updates: the product of the two sums has cross terms between
   * adapters. Suited to adapters trained from the same one.
   */
  Blend LINEAR = Exact.LINEAR;

  /**
   * Concatenates the matrices, like PEFT's {@code cat}: exactly the weighted sum of the updates,
   * with the sum of the ranks.
   */
  Blend CONCATENATED = Exact.CONCATENATED;

  /**
   * Computes the best approximation of the weighted sum of the updates in a given rank, like PEFT's
   * {@code svd}.
   */
  static Blend svd(int rank) {
    if (rank < 1) {
      throw new IllegalArgumentException("rank: expected at least 1, found " + rank);
    }
    return new Svd(rank);
  }

  /** Methods without options. */
  enum Exact implements Blend {
    /** See {@link Blend#LINEAR}. */
    LINEAR,
    /** See {@link Blend#CONCATENATED}. */
    CONCATENATED
  }

  /** See {@link Blend#svd}. */
  record Svd(int rank) implements Blend {}

  /** Merges the A matrices and the B matrices separately by a method, like PEFT's {@code ties}. */
  record Merged(MergeMethod method) implements Blend {}

  /**
   * Merges the updates by a method and approximates the result in a given rank, like PEFT's {@code
   * ties_svd}.
   */
  record MergedSvd(MergeMethod method, int rank) implements Blend {}
}
