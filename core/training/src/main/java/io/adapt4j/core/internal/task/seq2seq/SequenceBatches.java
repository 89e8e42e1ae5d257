package io.adapt4j.core.internal.task.seq2seq;

import io.adapt4j.core.internal.data.ArrangedBatches;
import io.adapt4j.core.internal.data.BatchSampler;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.data.EpochOrder;
import io.adapt4j.core.internal.data.LengthGroupedBatches;
import io.adapt4j.core.internal.data.SequentialBatches;
import io.adapt4j.core.internal.nn.SequenceInputs;
import io.adapt4j.core.internal.nn.TargetRows;
import java.util.Arrays;
import java.util.List;

/** Batches of source and target texts, grouped by length when shuffled. */
final class SequenceBatches {

  private SequenceBatches() {}

  static BatchSource<SequenceInputs> inOrder(SequenceRows rows, int batchSize, int paddingId) {
    return batches(
        rows,
        paddingId,
        new SequentialBatches(rows.lengths().length, batchSize, EpochOrder.UNSHUFFLED));
  }

  static BatchSource<SequenceInputs> shuffled(
      SequenceRows rows, int batchSize, int paddingId, long seed) {
    return batches(
        rows,
        paddingId,
        new LengthGroupedBatches(rows.lengths(), batchSize, new EpochOrder(true, seed)));
  }

  private static BatchSource<SequenceInputs> batches(
      SequenceRows rows, int paddingId, BatchSampler batchSampler) {
    return ArrangedBatches.single(batchSampler, chosen -> batch(rows, paddingId, chosen));
  }

  private static SequenceInputs batch(SequenceRows rows, int paddingId, int[] chosen) {
    List<SequenceSample> samples = Arrays.stream(chosen).mapToObj(rows::sample).toList();
    int length = samples.stream().mapToInt(sample -> sample.source().length).max().orElseThrow();
    int width = samples.stream().mapToInt(sample -> sample.target().length).max().orElseThrow();
    long[] ids = new long[chosen.length * length];
    long[] mask = new long[ids.length];
    long[] labels = new long[chosen.length * width];
    float[] weights = new float[chosen.length];
    Arrays.fill(ids, paddingId);
    Arrays.fill(labels, TargetRows.IGNORED);
    for (int row = 0; row < chosen.length; row++) {
      SequenceSample sample = samples.get(row);
      for (int i = 0; i < sample.source().length; i++) {
        ids[row * length + i] = sample.source()[i];
        mask[row * length + i] = 1;
      }
      for (int i = 0; i < sample.target().length; i++) {
        labels[row * width + i] = sample.target()[i];
      }
      weights[row] = (float) rows.dataset().weight(chosen[row]);
    }
    return new SequenceInputs(ids, mask, labels, chosen.length, length, weights);
  }
}
