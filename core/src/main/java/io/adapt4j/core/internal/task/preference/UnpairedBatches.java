package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.ArrangedBatches;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EpochOrder;
import io.adapt4j.core.internal.data.SequentialBatches;
import java.util.Arrays;
import java.util.List;

/** Batches of answers with verdicts, read and tokenized one batch at a time. */
public final class UnpairedBatches {

  private UnpairedBatches() {}

  /**
   * Takes the answers in their order.
   *
   * @param rows the answers, at least one
   * @param batchSize answers in a batch, at least 1
   * @param paddingId the id to fill with
   * @return the batches
   */
  public static BatchSource<UnpairedBatch> inOrder(
      UnpairedRows rows, int batchSize, int paddingId) {
    return batches(rows, batchSize, paddingId, EpochOrder.UNSHUFFLED);
  }

  /**
   * Takes the answers of every epoch in its own order.
   *
   * @param rows the answers, at least one
   * @param batchSize answers in a batch, at least 1
   * @param paddingId the id to fill with
   * @param seed seed of the orders
   * @return the batches
   */
  public static BatchSource<UnpairedBatch> shuffled(
      UnpairedRows rows, int batchSize, int paddingId, long seed) {
    return batches(rows, batchSize, paddingId, new EpochOrder(true, seed));
  }

  private static BatchSource<UnpairedBatch> batches(
      UnpairedRows rows, int batchSize, int paddingId, EpochOrder order) {
    return new ArrangedBatches<>(
        new SequentialBatches(rows.size(), batchSize, order),
        numbers -> batch(rows, numbers, paddingId));
  }

  private static UnpairedBatch batch(UnpairedRows rows, int[] numbers, int paddingId) {
    List<UnpairedSample> samples = Arrays.stream(numbers).mapToObj(rows::get).toList();
    float[] weights = new float[numbers.length];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) rows.weight(numbers[i]);
    }
    return UnpairedBatch.of(samples, numbers, weights, paddingId);
  }
}
