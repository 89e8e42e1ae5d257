package io.adapt4j.core.internal.task.reward;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Row;
import io.adapt4j.core.internal.data.BatchSource;
import io.adapt4j.core.internal.task.preference.PreferenceBatch;
import io.adapt4j.core.internal.task.preference.PreferenceRows;
import java.util.Optional;

/** Batches of pairs with their margins. */
final class RewardBatches {

  private RewardBatches() {}

  /** Adds margins to batches, by the indices of their pairs. */
  static BatchSource<RewardBatch> of(BatchSource<PreferenceBatch> pairs, float[] margins) {
    return pairs.map(batch -> withMargins(batch, margins));
  }

  /**
   * Reads the margins of pairs.
   *
   * @return the margin of each pair; 0 for none
   */
  static float[] margins(PreferenceRows rows, String field) {
    float[] margins = new float[rows.size()];
    for (int pair = 0; pair < margins.length && !field.isEmpty(); pair++) {
      margins[pair] = margin(rows.dataset(), pair, field);
    }
    return margins;
  }

  private static float margin(Dataset dataset, int row, String field) {
    Optional<Row> source = dataset.source(row);
    Object value = source.map(found -> found.value(field)).orElse(null);
    float margin = value instanceof Number number ? number.floatValue() : Float.NaN;
    if (!Float.isFinite(margin) || margin < 0) {
      throw new DatasetException(
          dataset.locate(row)
              + ": field '"
              + field
              + "': expected the margin, a number of at least 0, found "
              + value
              + (source.isEmpty()
                  ? ". Give rows in memory their margins with Dataset.withField"
                  : "")
              + ".");
    }
    return margin;
  }

  private static RewardBatch withMargins(PreferenceBatch batch, float[] margins) {
    float[] own = new float[batch.size()];
    for (int i = 0; i < own.length; i++) {
      own[i] = margins[batch.numbers()[i]];
    }
    return new RewardBatch(batch.sides(), own, batch.weights());
  }
}
