package io.adapt4j.core.internal.tokenize;

import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Sequences in the rows of a packed batch: their positions, which restart, and their boundaries in
 * the flattened batch.
 */
@SuppressWarnings("ArrayRecordComponent")
public record PackedSequences(int[][] documents, int length) {

  /** Returns the position of each token in its sequence, 0 for padding. */
  public long[] positions() {
    long[] positions = new long[documents.length * length];
    each(
        (sequence, start, tokens) -> {
          for (int i = 0; i < tokens; i++) {
            positions[start + i] = i;
          }
        });
    return positions;
  }

  /** Returns the number of each token's sequence. */
  public int[] numbers() {
    int[] numbers = new int[documents.length * length];
    each((sequence, start, tokens) -> Arrays.fill(numbers, start, start + tokens, sequence));
    return numbers;
  }

  /** Returns the cumulative lengths of the sequences, from 0. */
  public int[] cumulativeLengths() {
    int[] ends = lengths().toArray();
    Arrays.parallelPrefix(ends, Integer::sum);
    return IntStream.concat(IntStream.of(0), Arrays.stream(ends)).toArray();
  }

  public int longest() {
    return lengths().max().orElse(0);
  }

  private IntStream lengths() {
    return Arrays.stream(documents).flatMapToInt(Arrays::stream);
  }

  private interface Visitor {
    void visit(int sequence, int start, int tokens);
  }

  private void each(Visitor visitor) {
    int sequence = 0;
    for (int row = 0; row < documents.length; row++) {
      int start = row * length;
      for (int tokens : documents[row]) {
        visitor.visit(sequence++, start, tokens);
        start += tokens;
      }
    }
  }
}
