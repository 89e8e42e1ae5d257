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

  /** Returns batches of rows. */
  public static BatchSource<PreferenceBatch> of(
      PreferenceRows rows, int batchSize, int paddingId, EpochOrder order) {
    return ArrangedBatches.single(
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
