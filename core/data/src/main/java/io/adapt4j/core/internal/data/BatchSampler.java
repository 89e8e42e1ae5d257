package io.adapt4j.core.internal.data;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Assigns samples to the batches of an epoch, deterministically for each epoch. */
public interface BatchSampler {

  /** Returns the number of batches, the same in every epoch. */
  int count();

  Epoch epoch(int epoch);

  /** Returns the first batch of the first epoch with one of some samples; empty if none has. */
  default OptionalInt firstWith(IntPredicate sample) {
    Epoch epoch = epoch(0);
    return IntStream.range(0, count())
        .filter(
            number ->
                Arrays.stream(epoch.batch(number)).flatMapToInt(Arrays::stream).anyMatch(sample))
        .findFirst();
  }

  /** Batches of one epoch, in which every sample occurs once. */
  interface Epoch {

    /** Returns the samples of each row of a batch, in their order within the row. */
    int[][] batch(int number);
  }

  /** Returns an epoch whose batches are consecutive slices of an order, one sample per row. */
  static Epoch consecutive(int[] order, int batchSize) {
    return number -> {
      int from = number * batchSize;
      int[][] rows = new int[(int) Math.min(batchSize, order.length - (long) from)][];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = new int[] {order[from + i]};
      }
      return rows;
    };
  }

  /** Returns the samples of a batch with one sample per row. */
  static int[] single(int[][] rows) {
    int[] samples = new int[rows.length];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = rows[i][0];
    }
    return samples;
  }

  /** Returns the number of batches for a number of rows. */
  static int batches(int rows, int batchSize) {
    return (rows - 1) / batchSize + 1;
  }
}
