package io.adapt4j.core.internal.data;

/** Which samples make which batch of an epoch. The same epoch is always arranged the same. */
public interface BatchSampler {

  /** The number of batches, the same in every epoch. */
  int count();

  /** Arranges an epoch. */
  Epoch epoch(int epoch);

  /** An epoch in which every sample occurs once. */
  interface Epoch {

    /** The samples of each row of a batch, in their order within the row. */
    int[][] batch(int number);
  }

  /** An epoch whose batches are consecutive rows of one sample each. */
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

  /** The samples of a batch whose rows are one sample each. */
  static int[] single(int[][] rows) {
    int[] samples = new int[rows.length];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = rows[i][0];
    }
    return samples;
  }

  /** Batches needed for so many rows. */
  static int batches(int rows, int batchSize) {
    return (rows - 1) / batchSize + 1;
  }
}
