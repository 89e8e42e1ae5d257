package io.adapt4j.core.internal.nn;

import java.util.List;
import java.util.Map;

/**
 * Runs decoding steps over rows, each of which has keys and values of its own. What comes out for a
 * token does not depend on the other rows of its step. Not thread safe.
 */
public interface DecoderSteps extends AutoCloseable {

  /**
   * A token of a step.
   *
   * @param id its id
   * @param row its row
   * @param place where in the row its key goes; it sees what is there up to itself
   * @param first the first place that it sees, after any padding
   * @param isOutput whether its successor is asked for
   * @param adapter number of the adapter that it has instead of those that are on, or {@link
   *     #NO_ADAPTER}
   */
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

  /**
   * Returns whether long prompts are best read with these steps too, many tokens at once.
   *
   * @return false where operators are faster for more than some 32 tokens
   */
  default boolean readsPrompts() {
    return false;
  }

  /**
   * Returns whether prompts of any length are: steps leave layers out that operators compute.
   *
   * @return false where operators are as fast for more than some 256 tokens
   */
  default boolean readsLongPrompts() {
    return false;
  }

  /**
   * Gives a row its keys and values, in place of those it had.
   *
   * @param row from 0
   * @param cache of the same model; stays open until the row is removed or has another, and is
   *     placed again where its parts change
   * @param cacheRow which of its rows
   */
  void place(int row, KvCache cache, int cacheRow);

  /**
   * Takes the keys and values of a row away, so that no step can be run with it.
   *
   * @param row from 0
   */
  void remove(int row);

  /**
   * Runs a step.
   *
   * @param tokens at most as many as were prepared for, any number a row, those of one row by
   *     rising place, and no more outputs than rows were prepared for; the cache has room for them
   * @return the likeliest successor of each output, -1 where one of its logits is not finite
   */
  int[] run(List<Token> tokens);

  /**
   * Reads logits of the last step.
   *
   * @param output index among the outputs
   * @param to takes the logits of the whole vocabulary
   * @param at where they begin in it
   */
  void logits(int output, float[] to, int at);

  /**
   * Runs a step and tells where its time goes.
   *
   * @param tokens as for {@link #run}
   * @return nanoseconds by kind of operator, the threads' waiting for each other included
   */
  Map<String, Long> profile(List<Token> tokens);

  @Override
  void close();
}
