package io.adapt4j.core.internal.data;

import java.util.Arrays;
import java.util.List;

/**
 * Sampler that packs several samples into a row by {@link BestFitDecreasing}. The epoch's order
 * decides which of several samples of one length goes where, but not the number of rows.
 */
final class PackedBatches implements BatchSampler {

  private final int[] lengths;
  private final int capacity;
  private final int batchSize;
  private final EpochOrder order;
  private final int count;

  /** Computes the number of rows. */
  PackedBatches(int[] lengths, int capacity, int batchSize, EpochOrder order) {
    this.lengths = lengths;
    this.capacity = capacity;
    this.batchSize = batchSize;
    this.order = order;
    this.count = BatchSampler.batches(pack(0).size(), batchSize);
  }

  @Override
  public int count() {
    return count;
  }

  @Override
  public Epoch epoch(int epoch) {
    List<int[]> rows = pack(epoch);
    int[] numbers = order.batches(rows.size(), epoch);
    return number -> {
      int from = number * batchSize;
      int to = (int) Math.min((long) from + batchSize, numbers.length);
      return Arrays.stream(numbers, from, to).mapToObj(rows::get).toArray(int[][]::new);
    };
  }

  private List<int[]> pack(int epoch) {
    return BestFitDecreasing.rows(order.samples(lengths.length, epoch), lengths, capacity);
  }
}
