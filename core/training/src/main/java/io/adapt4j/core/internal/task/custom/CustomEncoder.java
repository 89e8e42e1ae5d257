package io.adapt4j.core.internal.task.custom;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.internal.data.EncodedRow;
import io.adapt4j.core.internal.data.EncodedRows;
import io.adapt4j.core.internal.data.RowBatches;
import io.adapt4j.core.internal.data.RowFate;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.spi.ObjectiveSample;
import io.adapt4j.core.train.spi.TrainingObjective;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Encodes rows by a user-defined objective. */
record CustomEncoder(
    TrainingObjective objective, Tokenizer tokenizer, int maxLength, int paddingId) {

  /** Encodes each row once, on this thread, and keeps the samples in memory. */
  RowBatches<CustomBatch> rows(Dataset data) {
    List<EncodedRow<CustomSample>> encoded = new ArrayList<>();
    for (int row = 0; row < data.size(); row++) {
      encoded.add(encode(data, row));
    }
    return EncodedRows.<CustomSample>of(data, (dataset, row) -> encoded.get(row))
        .collated(
            (samples, weights, numbers) ->
                CustomBatch.of(samples.stream().map(CustomSample::sample).toList(), paddingId));
  }

  private EncodedRow<CustomSample> encode(Dataset data, int row) {
    require(data, row, data.weight(row) == 1, "a weight of 1", "weight " + data.weight(row));
    Optional<ObjectiveSample> encoded;
    try {
      encoded = objective.encode(data.get(row), tokenizer, maxLength);
    } catch (IllegalArgumentException e) {
      throw new DatasetException(data.locate(row) + ": " + e.getMessage(), e);
    }
    if (encoded.isEmpty()) {
      return EncodedRow.skipped(RowFate.NOTHING_TO_LEARN);
    }
    ObjectiveSample sample = encoded.get();
    int length = sample.tokens().length;
    require(data, row, length <= maxLength, "at most " + maxLength + " tokens", length + "");
    boolean ofTexts = objective.textOutputs() > 0;
    require(
        data,
        row,
        ofTexts == (sample.positions().length == 0),
        ofTexts ? "no positions, but the text" : "at least one position",
        sample.positions().length + " positions");
    return EncodedRow.of(new CustomSample(sample), /* truncated= */ false);
  }

  private static void require(Dataset data, int row, boolean right, String expected, String found) {
    if (!right) {
      throw new DatasetException(
          data.locate(row) + ": expected " + expected + " for this task, found " + found + ".");
    }
  }
}
