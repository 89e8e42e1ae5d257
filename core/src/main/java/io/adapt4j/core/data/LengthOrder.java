package io.adapt4j.core.data;

import java.util.Arrays;
import java.util.Comparator;
import java.util.SplittableRandom;

/**
 * Batches of rows of similar length, so that little is computed for padding. A shuffled epoch is
 * cut into stretches of some batches; within a stretch rows go by length and the batches at random,
 * so that the order tells nothing of lengths. The same lengths, seed and epoch give the same
 * batches on every machine.
 */
final class LengthOrder {

  /** Batches in a stretch: as many as Transformers' length-grouped sampler takes. */
  private static final int STRETCH = 50;

  private LengthOrder() {}

  /** Batches in the order of the rows. */
  static int[][] plain(int rows, int batchSize) {
    int[] order = new int[rows];
    Arrays.setAll(order, i -> i);
    return cut(order, batchSize);
  }

  static int[][] shuffled(int[] lengths, int batchSize, long seed, int epoch) {
    int[] order = Shuffle.permutation(lengths.length, seed, epoch);
    int[][] batches = new int[(lengths.length - 1) / batchSize + 1][];
    long mixed = new SplittableRandom(seed).nextLong() - epoch;
    int done = 0;
    for (int from = 0; from < order.length; from += STRETCH * batchSize) {
      int to = Math.min(order.length, from + STRETCH * batchSize);
      int[] stretch =
          Arrays.stream(order, from, to)
              .boxed()
              .sorted(Comparator.comparingInt(row -> lengths[row]))
              .mapToInt(Integer::intValue)
              .toArray();
      int[][] sorted = cut(stretch, batchSize);
      for (int chosen : Shuffle.permutation(sorted.length, mixed + done)) {
        batches[done++] = sorted[chosen];
      }
    }
    return batches;
  }

  private static int[][] cut(int[] order, int batchSize) {
    int[][] batches = new int[(order.length + batchSize - 1) / batchSize][];
    for (int i = 0; i < batches.length; i++) {
      int first = i * batchSize;
      batches[i] = Arrays.copyOfRange(order, first, Math.min(order.length, first + batchSize));
    }
    return batches;
  }
}
