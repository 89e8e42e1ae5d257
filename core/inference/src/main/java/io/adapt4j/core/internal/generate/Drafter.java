package io.adapt4j.core.internal.generate;

import io.adapt4j.core.internal.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** Guesses the next tokens of a text that a model continues alone (speculative decoding). */
interface Drafter extends AutoCloseable {

  /** Returns the maximum number of tokens to guess at once. */
  int mostTokens();

  /**
   * Guesses the tokens that the model will choose next.
   *
   * @param sampler the sampler that will choose them; null for the likeliest tokens
   */
  int[] guess(int[] text, int length, int count, @Nullable Sampler sampler);

  /** Returns whether guesses need the model's hidden states. */
  default boolean readsStates() {
    return false;
  }

  /**
   * Receives the hidden states of tokens that the model has just processed.
   *
   * @param states [1, T, hidden], after the final norm; closed by the caller
   */
  default void read(int[] text, int from, int[] ids, Tensor states) {}

  /** Forgets what was read, since the model's weights are about to change. */
  default void modelChanges() {}

  @Override
  void close();
}
