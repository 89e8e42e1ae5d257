package io.adapt4j.core.internal.task.custom;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.internal.task.EncodedData;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.core.train.spi.ObjectiveSample;
import io.adapt4j.core.train.spi.TrainingObjective;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** In-memory samples of a dataset. */
record CustomRows(List<ObjectiveSample> samples, EncodingReport report) {

  static CustomRows of(
      Dataset data, TrainingObjective objective, Tokenizer tokenizer, int maxLength) {
    List<ObjectiveSample> samples = new ArrayList<>();
    for (int row = 0; row < data.size(); row++) {
      encode(data, row, objective, tokenizer, maxLength).ifPresent(samples::add);
    }
    CustomRows rows =
        new CustomRows(samples, report(data.size(), samples, objective.textOutputs() > 0));
    EncodedData.requireUsable(data, rows.report(), maxLength);
    return rows;
  }

  private static Optional<ObjectiveSample> encode(
      Dataset data, int row, TrainingObjective objective, Tokenizer tokenizer, int maxLength) {
    require(data, row, data.weight(row) == 1, "a weight of 1", "weight " + data.weight(row));
    Optional<ObjectiveSample> encoded;
    try {
      encoded = objective.encode(data.get(row), tokenizer, maxLength);
    } catch (IllegalArgumentException e) {
      throw new DatasetException(data.locate(row) + ": " + e.getMessage(), e);
    }
    encoded.ifPresent(
        sample -> {
          int length = sample.tokens().length;
          require(data, row, length <= maxLength, "at most " + maxLength + " tokens", length + "");
          require(
              data,
              row,
              objective.textOutputs() > 0 == (sample.positions().length == 0),
              objective.textOutputs() > 0 ? "no positions, but the text" : "at least one position",
              sample.positions().length + " positions");
        });
    return encoded;
  }

  private static void require(Dataset data, int row, boolean right, String expected, String found) {
    if (!right) {
      throw new DatasetException(
          data.locate(row) + ": expected " + expected + " for this task, found " + found + ".");
    }
  }

  private static EncodingReport report(int rows, List<ObjectiveSample> samples, boolean ofTexts) {
    MessageDigest digest = FileDigest.sha256();
    long tokens = 0;
    long targets = 0;
    int longest = 0;
    for (ObjectiveSample sample : samples) {
      add(digest, sample);
      tokens += sample.tokens().length;
      targets += ofTexts ? 1 : sample.positions().length;
      longest = Math.max(longest, sample.tokens().length);
    }
    int kept = samples.size();
    return EncodingReport.ofRows(rows, kept, 0, tokens, targets, longest, digest);
  }

  private static void add(MessageDigest digest, ObjectiveSample sample) {
    int count = sample.tokens().length + sample.positions().length + sample.targets().length;
    ByteBuffer bytes = ByteBuffer.allocate((count + 3) * Integer.BYTES);
    bytes.putInt(sample.tokens().length);
    bytes.putInt(sample.positions().length);
    bytes.putInt(sample.targets().length);
    for (int token : sample.tokens()) {
      bytes.putInt(token);
    }
    for (int position : sample.positions()) {
      bytes.putInt(position);
    }
    for (float target : sample.targets()) {
      bytes.putFloat(target);
    }
    digest.update(bytes.array());
  }
}
