package io.adapt4j.core.internal.data;

import java.util.Arrays;

/**
 * Sampler that groups samples of similar lengths to save padding.
 *
 * <p>With shuffling, each window of {@value #BATCHES} batches of the epoch's order is sorted by
 * length and cut into batches, and the batches are shuffled; a batch with a longest sample comes
 * first, so that memory runs out at once or never. Without shuffling, all samples are sorted,
 * longest first.
 */
public final class LengthGroupedBatches implements BatchSampler {

  private static final int BATCHES = 50;

  private final int[] lengths;
  private final int batchSize;
  private final EpochOrder order;

  public LengthGroupedBatches(int[] lengths, int batchSize, EpochOrder order) {
    this.lengths = lengths;
    this.batchSize = batchSize;
    this.order = order;
  }

  @Override
  public int count() {
    return BatchSampler.batches(lengths.length, batchSize);
  }

  @Override
  public Epoch epoch(int epoch) {
    int[] samples = order.samples(lengths.length, epoch);
    long together = order.shuffled() ? (long) BATCHES * batchSize : samples.length;
    for (long from = 0; from < samples.length; from += together) {
      int to = (int) Math.min(from + together, samples.length);
      int[] sorted = LengthOrder.longestFirst(samples, (int) from, to, lengths);
      System.arraycopy(sorted, 0, samples, (int) from, sorted.length);
    }
    Epoch batches = BatchSampler.consecutive(samples, batchSize);
    int[] numbers = order.batches(count(), epoch);
    if (order.shuffled()) {
      putLongestFirst(numbers, batches);
    }
    return number -> batches.batch(numbers[number]);
  }

  /** The first sample of a batch is its longest. */
  private void putLongestFirst(int[] numbers, Epoch batches) {
    int longest = Arrays.stream(lengths).max().orElse(0);
    for (int i = 0; i < numbers.length; i++) {
      if (lengths[batches.batch(numbers[i])[0][0]] == longest) {
        int first = numbers[0];
        numbers[0] = numbers[i];
        numbers[i] = first;
        return;
      }
    }
  }
}
