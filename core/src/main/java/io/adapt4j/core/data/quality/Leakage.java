package io.adapt4j.core.data.quality;

import io.adapt4j.core.data.Dataset;
import java.util.Arrays;
import java.util.BitSet;

/**
 * Finds rows to test on that are in rows to train on: both have the same sequence of words, or, for
 * texts shorter than that, the same words. Sequences that more than ten training rows have are
 * taken for wording that belongs to the task, such as an instruction, and do not count, unless they
 * are all of a row (Brown et al. 2020, appendix C, with 13 words).
 */
final class Leakage {

  private static final int COMMON = 10;

  private final int words;

  /** Sorted hashes of the test rows' sequences, how often training has them, and where first. */
  private long[] sequences = new long[0];

  private int[] counts = new int[0];
  private int[] firstRows = new int[0];

  /** What was found in a test row: the share of its sequences, and a training row that has one. */
  record Found(double share, int trainingRow) {}

  Leakage(Dataset train, Dataset test, int words) {
    this.words = words;
    for (int row = 0; row < test.size(); row++) {
      add(sequences(test, row));
    }
    sequences = Words.distinct(Arrays.copyOf(sequences, filled));
    counts = new int[sequences.length];
    firstRows = new int[sequences.length];
    for (int row = 0; row < train.size(); row++) {
      for (long sequence : Words.distinct(sequences(train, row))) {
        int at = Arrays.binarySearch(sequences, sequence);
        if (at >= 0 && counts[at]++ == 0) {
          firstRows[at] = row;
        }
      }
    }
  }

  private int filled;

  private void add(long[] more) {
    if (filled + more.length > sequences.length) {
      sequences = Arrays.copyOf(sequences, Math.max(2 * sequences.length, filled + more.length));
    }
    System.arraycopy(more, 0, sequences, filled, more.length);
    filled += more.length;
  }

  private long[] sequences(Dataset dataset, int row) {
    return Words.sequences(ExampleTexts.joined(dataset.get(row)), words);
  }

  /** What of a test row is in the training data; a share of 0 if nothing. */
  Found of(Dataset test, int row) {
    long[] own = sequences(test, row);
    int leaked = 0;
    int trainingRow = -1;
    for (long sequence : own) {
      if (isLeaked(sequence, own.length)) {
        leaked++;
        trainingRow = trainingRow < 0 ? firstRows[index(sequence)] : trainingRow;
      }
    }
    return new Found(own.length == 0 ? 0 : (double) leaked / own.length, trainingRow);
  }

  /** The training rows that have something of a test row. */
  BitSet trainingRows(Dataset train) {
    BitSet rows = new BitSet();
    for (int row = 0; row < train.size(); row++) {
      long[] own = sequences(train, row);
      if (Arrays.stream(own).anyMatch(sequence -> isLeaked(sequence, own.length))) {
        rows.set(row);
      }
    }
    return rows;
  }

  private boolean isLeaked(long sequence, int sequencesOfRow) {
    int at = index(sequence);
    return at >= 0 && counts[at] > 0 && (counts[at] <= COMMON || sequencesOfRow == 1);
  }

  private int index(long sequence) {
    return Arrays.binarySearch(sequences, sequence);
  }
}
