package io.adapt4j.rag.split;

import java.util.Arrays;

/**
 * A text as a row of small pieces, words mostly, each with the blanks before it. Nothing smaller is
 * ever cut.
 */
final class Pieces {

  private int[] starts = new int[256];
  private int[] ends = new int[256];
  private long[] tokens = new long[257];
  private byte[] strengths = new byte[256];
  private int[] lastParts = new int[256];
  private int size;

  /**
   * Adds the next piece.
   *
   * @param start its first character, blanks before it left out
   * @param end the character after the last
   * @param count its tokens
   * @param strength how well the text is cut before it
   * @param isPart whether it is a part of a word, not a whole one
   */
  void add(int start, int end, int count, int strength, boolean isPart) {
    if (size == starts.length) {
      grow();
    }
    starts[size] = start;
    ends[size] = end;
    strengths[size] = (byte) strength;
    lastParts[size] = isPart ? size : size == 0 ? -1 : lastParts[size - 1];
    tokens[size + 1] = tokens[size] + count;
    size++;
  }

  int size() {
    return size;
  }

  int start(int piece) {
    return starts[piece];
  }

  int end(int piece) {
    return ends[piece];
  }

  int strength(int piece) {
    return strengths[piece];
  }

  /** The tokens of the pieces from one up to another. */
  long tokens(int from, int to) {
    return tokens[to] - tokens[from];
  }

  /** Whether the pieces from one up to another are whole words, each of them. */
  boolean areWords(int from, int to) {
    return lastParts[to - 1] < from;
  }

  private void grow() {
    int capacity = 2 * size;
    starts = Arrays.copyOf(starts, capacity);
    ends = Arrays.copyOf(ends, capacity);
    strengths = Arrays.copyOf(strengths, capacity);
    lastParts = Arrays.copyOf(lastParts, capacity);
    tokens = Arrays.copyOf(tokens, capacity + 1);
  }
}
