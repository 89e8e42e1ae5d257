package io.adapt4j.lora;

/** How several adapters become one. */
sealed interface Blend {

  /**
   * Adds first factors and B matrices by themselves, each times the root of weight and scale, as
   * PEFT's {@code linear} does. Keeps the rank, which must be the same in all. The update is not
   * the sum of the updates: the product of two sums has terms that mix the adapters. Right for
   * adapters that come from the same one.
   */
  Blend LINEAR = Exact.LINEAR;

  /**
   * Puts the factors side by side, as PEFT's {@code cat} does: exactly the weighted sum of the
   * updates, in the sum of the ranks.
   */
  Blend CONCATENATED = Exact.CONCATENATED;

  /**
   * Approximates the weighted sum of the updates in a given rank as well as it can be, as PEFT's
   * {@code svd} does.
   *
   * @param rank of the result, at least 1
   * @return the method
   * @throws IllegalArgumentException if the rank is below 1
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

  /**
   * See {@link Blend#svd}.
   *
   * @param rank of the result
   */
  record Svd(int rank) implements Blend {}
}
