package io.adapt4j.core.data.quality;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.Words;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Finds test rows that leaked into training rows: a training row contains a share of the test row's
 * word n-grams, or all words of a shorter text. N-grams that occur in more than ten training rows
 * count as boilerplate of the task, such as an instruction, and are ignored, unless they make up
 * the whole row. (Brown et al. 2020, appendix C, use any 13-gram; but then n-grams that span a
 * common instruction and a common beginning count as leaks.)
 */
final class Leakage {

  private static final int COMMON = 10;

  private final int words;
  private final double leakedShare;

  /** Sorted hashes of the test rows' n-grams, and the number of training rows that contain each. */
  private final long[] sequences;

  private final int[] counts;

  /** The test rows of each n-gram: those of n-gram i are from starts[i] to starts[i + 1]. */
  private final int[] starts;

  private final int[] owners;

  private final double[] shares;
  private final int[] trainingRows;
  private final BitSet leaking = new BitSet();

  Leakage(Dataset train, Dataset test, int words, double leakedShare) {
    this.words = words;
    this.leakedShare = leakedShare;
    long[][] ofTest = new long[test.size()][];
    for (int row = 0; row < ofTest.length; row++) {
      ofTest[row] = sequences(test, row);
    }
    sequences = Words.distinct(Arrays.stream(ofTest).flatMapToLong(Arrays::stream).toArray());
    counts = new int[sequences.length];
    starts = new int[sequences.length + 1];
    owners = owners(ofTest);
    shares = new double[ofTest.length];
    trainingRows = new int[ofTest.length];
    count(train);
    compare(train, ofTest);
    compareWhole(train, test);
  }

  /** Marks equal texts as leaks, however often they occur in the training data. */
  private void compareWhole(Dataset train, Dataset test) {
    Map<Long, Integer> rows = new HashMap<>();
    for (int row = 0; row < train.size(); row++) {
      rows.putIfAbsent(whole(train, row), row);
    }
    Set<Long> leaked = new HashSet<>();
    for (int row = 0; row < test.size(); row++) {
      long text = whole(test, row);
      Integer trainingRow = rows.get(text);
      if (trainingRow != null) {
        note(trainingRow, row, 1);
        leaked.add(text);
      }
    }
    for (int row = 0; row < train.size(); row++) {
      leaking.set(row, leaking.get(row) || leaked.contains(whole(train, row)));
    }
  }

  private static long whole(Dataset dataset, int row) {
    String text = Words.normalized(ExampleTexts.joined(dataset.get(row)));
    return Words.hash(text, 0, text.length());
  }

  private long[] sequences(Dataset dataset, int row) {
    return Words.distinct(Words.sequences(ExampleTexts.joined(dataset.get(row)), words));
  }

  private int[] owners(long[][] ofTest) {
    for (long[] own : ofTest) {
      for (long sequence : own) {
        starts[index(sequence) + 1]++;
      }
    }
    Arrays.parallelPrefix(starts, Integer::sum);
    int[] next = starts.clone();
    int[] rows = new int[starts[sequences.length]];
    for (int row = 0; row < ofTest.length; row++) {
      for (long sequence : ofTest[row]) {
        rows[next[index(sequence)]++] = row;
      }
    }
    return rows;
  }

  private void count(Dataset train) {
    for (int row = 0; row < train.size(); row++) {
      for (long sequence : sequences(train, row)) {
        int at = index(sequence);
        if (at >= 0) {
          counts[at]++;
        }
      }
    }
  }

  private void compare(Dataset train, long[][] ofTest) {
    int[] telling = new int[ofTest.length];
    for (int row = 0; row < ofTest.length; row++) {
      int length = ofTest[row].length;
      telling[row] =
          (int) Arrays.stream(ofTest[row]).filter(value -> tells(index(value), length)).count();
    }
    for (int row = 0; row < train.size(); row++) {
      Map<Integer, Integer> shared = new HashMap<>();
      for (long sequence : sequences(train, row)) {
        int at = index(sequence);
        for (int i = at < 0 ? 0 : starts[at]; at >= 0 && i < starts[at + 1]; i++) {
          if (tells(at, ofTest[owners[i]].length)) {
            shared.merge(owners[i], 1, Integer::sum);
          }
        }
      }
      for (Map.Entry<Integer, Integer> entry : shared.entrySet()) {
        note(row, entry.getKey(), (double) entry.getValue() / telling[entry.getKey()]);
      }
    }
  }

  private boolean tells(int sequence, int sequencesOfRow) {
    return counts[sequence] <= COMMON || sequencesOfRow == 1;
  }

  private void note(int trainingRow, int testRow, double share) {
    if (share >= leakedShare) {
      leaking.set(trainingRow);
      if (share > shares[testRow]) {
        shares[testRow] = share;
        trainingRows[testRow] = trainingRow;
      }
    }
  }

  private int index(long sequence) {
    return Arrays.binarySearch(sequences, sequence);
  }

  /**
   * Returns the share of a test row's n-grams that a training row contains; 0 if it is not leaked.
   */
  double share(int testRow) {
    return shares[testRow];
  }

  /** Returns the training row that contains most of a leaked test row. */
  int trainingRow(int testRow) {
    return trainingRows[testRow];
  }

  /** Returns the training rows that contain a leaked test row. */
  BitSet leaking() {
    return leaking;
  }
}
