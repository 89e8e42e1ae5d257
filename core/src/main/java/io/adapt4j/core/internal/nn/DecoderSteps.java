package io.adapt4j.core.internal.nn;

import java.util.List;
import java.util.Map;

/**
 * Runs decoding steps over rows, each of which has keys and values of its own. What comes out for a
 * token does not depend on the other rows of its step. Not thread safe.
 */
public interface DecoderSteps extends AutoCloseable {

  /** A token of a step. */
  record Token(int id, int row, int place, int first, boolean isOutput, int adapter) {

    /** For a token that has the adapters that are on. */
    public static final int NO_ADAPTER = -1;

    /** A token that has the adapters that are on. */
    public Token(int id, int row, int place, int first, boolean isOutput) {
      this(id, row, place, first, isOutput, NO_ADAPTER);
    }

    /** {@return its position in its text} */
    public int position() {
      return place - first;
    }
  }

  /** Returns whether long prompts are best read with these steps too, many tokens at once. */
  default boolean readsPrompts() {
    return false;
  }

  /** Returns whether prompts of any length are: steps leave layers out that operators compute. */
  default boolean readsLongPrompts() {
    return false;
  }

  /** Gives a row its keys and values, in place of those it had. */
  void place(int row, KvCache cache, int cacheRow);

  /** Takes the keys and values of a row away, so that no step can be run with it. */
  void remove(int row);

  /**
   * Runs a step.
   *
   * @return the likeliest successor of each output, -1 where one of its logits is not finite
   */
  int[] run(List<Token> tokens);

  /** Reads logits of the last step. */
  void logits(int output, float[] to, int at);

  /**
   * Runs a step and tells where its time goes.
   *
   * @return nanoseconds by kind of operator, the threads' waiting for each other included
   */
  Map<String, Long> profile(List<Token> tokens);

  @Override
  void close();
}
