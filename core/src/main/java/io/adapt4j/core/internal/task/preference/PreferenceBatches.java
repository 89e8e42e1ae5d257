package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.ArrangedBatches;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EpochOrder;
import io.adapt4j.core.internal.data.SequentialBatches;
import java.util.Arrays;
import java.util.List;

/** Batches of pairs, read and tokenized one batch at a time. */
public final class PreferenceBatches {

  private PreferenceBatches() {}

  /**
   * Takes the pairs in their order.
   *
   * @param rows the pairs, at least one
   * @param batchSize pairs in a batch, at least 1
   * @param paddingId the id to fill with
   * @return the batches
   */
  public static BatchSource<PreferenceBatch> inOrder(
      PreferenceRows rows, int batchSize, int paddingId) {
    return batches(rows, batchSize, paddingId, EpochOrder.UNSHUFFLED);
  }

  /**
   * Takes the pairs of every epoch in its own order.
   *
   * @param rows the pairs, at least one
   * @param batchSize pairs in a batch, at least 1
   * @param paddingId the id to fill with
   * @param seed seed of the orders
   * @return the batches
   */
  public static BatchSource<PreferenceBatch> shuffled(
      PreferenceRows rows, int batchSize, int paddingId, long seed) {
    return batches(rows, batchSize, paddingId, new EpochOrder(true, seed));
  }

  private static BatchSource<PreferenceBatch> batches(
      PreferenceRows rows, int batchSize, int paddingId, EpochOrder order) {
    return new ArrangedBatches<>(
        new SequentialBatches(rows.size(), batchSize, order),
        numbers -> batch(rows, numbers, paddingId));
  }

  private static PreferenceBatch batch(PreferenceRows rows, int[] numbers, int paddingId) {
    List<PreferenceSample> samples = Arrays.stream(numbers).mapToObj(rows::get).toList();
    float[] weights = new float[numbers.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) rows.weight(numbers[i]);
    }
    return PreferenceBatch.of(samples, numbers, weights, paddingId);
  }
}
