package io.adapt4j.core.internal.task.classification;

import io.adapt4j.core.internal.data.ArrangedBatches;
import io.adapt4j.core.internal.data.BatchSampler;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EpochOrder;
import io.adapt4j.core.internal.data.LabeledSample;
import io.adapt4j.core.internal.data.LengthGroupedBatches;
import io.adapt4j.core.internal.data.SequentialBatches;
import io.adapt4j.core.internal.data.TextBatch;
import java.util.ArrayList;
import java.util.List;

/**
 * Batches of labeled texts, grouped by length when shuffled. Rows are read and tokenized one batch
 * at a time.
 */
public final class TextBatches {

  private TextBatches() {}

  /** Returns batches in dataset order. */
  public static BatchSource<TextBatch> inOrder(TextRows rows, int batchSize, int paddingId) {
    return batches(
        rows,
        paddingId,
        new SequentialBatches(rows.lengths().length, batchSize, EpochOrder.UNSHUFFLED));
  }

  /** Returns batches that are reshuffled every epoch. */
  public static BatchSource<TextBatch> shuffled(
      TextRows rows, int batchSize, int paddingId, long seed) {
    return batches(
        rows,
        paddingId,
        new LengthGroupedBatches(rows.lengths(), batchSize, new EpochOrder(true, seed)));
  }

  /** Returns batches of all rows, longest first. */
  static BatchSource<TextBatch> byLength(TextRows rows, int batchSize, int paddingId) {
    return batches(
        rows,
        paddingId,
        new LengthGroupedBatches(rows.lengths(), batchSize, EpochOrder.UNSHUFFLED));
  }

  private static BatchSource<TextBatch> batches(
      TextRows rows, int paddingId, BatchSampler batchSampler) {
    return ArrangedBatches.single(batchSampler, chosen -> batch(rows, paddingId, chosen));
  }

  private static TextBatch batch(TextRows rows, int paddingId, int[] chosen) {
    List<LabeledSample> samples = new ArrayList<>(chosen.length);
    float[] weights = new float[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      samples.add(rows.encoder().encodeRow(rows.dataset(), chosen[i]));
      weights[i] = (float) rows.dataset().weight(chosen[i]);
    }
    return TextBatch.of(samples, weights, paddingId);
  }
}
