package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.ArrangedBatches;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EpochOrder;
import io.adapt4j.core.internal.data.SequentialBatches;
import java.util.Arrays;
import java.util.List;

/** Batches of labeled answers, read and tokenized one batch at a time. */
public final class UnpairedBatches {

  private UnpairedBatches() {}

  /** Returns batches of rows. */
  public static BatchSource<UnpairedBatch> of(
      UnpairedRows rows, int batchSize, int paddingId, EpochOrder order) {
    return ArrangedBatches.single(
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
