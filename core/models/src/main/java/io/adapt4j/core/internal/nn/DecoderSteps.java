package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.nn.cache.KvCache;
import java.util.List;
import java.util.Map;

/**
 * Runs decoding steps over rows, each with its own key-value cache. The result of a token does not
 * depend on the other rows of its step. Not thread safe.
 */
public interface DecoderSteps extends AutoCloseable {

  /**
   * A token of a step.
   *
   * @param shift added to its position: pictures before it have positions of their own
   */
  record Token(int id, int row, int place, int first, boolean isOutput, int adapter, int shift) {

    /** Adapter index of a token that uses the active adapters. */
    public static final int NO_ADAPTER = -1;

    /** Creates a token that uses the active adapters. */
    public Token(int id, int row, int place, int first, boolean isOutput) {
      this(id, row, place, first, isOutput, NO_ADAPTER);
    }

    /** Creates a token without pictures before it. */
    public Token(int id, int row, int place, int first, boolean isOutput, int adapter) {
      this(id, row, place, first, isOutput, adapter, 0);
    }

    /** {@return the token's position in its text} */
    public int position() {
      return place - first + shift;
    }
  }

  /**
   * Returns whether these steps are also the fastest way to process prompts, many tokens at once.
   */
  default boolean readsPrompts() {
    return false;
  }

  /**
   * Returns whether that holds for prompts of any length, because steps skip layers that operators
   * would compute, or multiply faster.
   */
  default boolean readsLongPrompts() {
    return false;
  }

  /** Assigns a cache row to a row, replacing any earlier one. */
  void place(int row, KvCache cache, int cacheRow);

  /** Removes the cache of a row, so that no step can use it. */
  void remove(int row);

  /**
   * Runs a step.
   *
   * @return the most likely next token of each output, or -1 if one of its logits is not finite
   */
  int[] run(List<Token> tokens);

  /** Copies the logits of an output of the last step. */
  void logits(int output, float[] to, int at);

  /**
   * Copies the output of the last layer for a token of the last step, before the final norm.
   *
   * @return false if these steps do not keep it
   */
  default boolean lastLayer(int token, float[] to, int at) {
    return false;
  }

  /**
   * Runs a step and measures where its time goes.
   *
   * @return nanoseconds by kind of operator, including the time that threads wait for each other
   */
  Map<String, Long> profile(List<Token> tokens);

  @Override
  void close();
}
