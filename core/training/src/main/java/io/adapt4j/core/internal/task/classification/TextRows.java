package io.adapt4j.core.internal.task.classification;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.internal.FileDigest;
import io.adapt4j.core.internal.data.EncodingReport;
import io.adapt4j.core.internal.data.LabeledSample;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.MessageDigest;
import java.util.Arrays;

/** Labeled rows that can be trained on, with their lengths in tokens. */
@SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
public record TextRows(Dataset dataset, TextEncoder encoder, int[] lengths, EncodingReport report) {

  /**
   * Tokenizes a dataset once. Rows without targets, such as words that are all truncated, are
   * skipped.
   */
  public static TextRows of(Dataset dataset, TextEncoder encoder) {
    int[] rows = new int[dataset.size()];
    int[] lengths = new int[rows.length];
    int kept = 0;
    int truncated = 0;
    long tokens = 0;
    long targets = 0;
    MessageDigest digest = FileDigest.sha256();
    for (int row = 0; row < rows.length; row++) {
      LabeledSample sample = encoder.encodeRow(dataset, row);
      if (sample.targets() > 0) {
        rows[kept] = row;
        lengths[kept++] = sample.length();
        truncated += sample.truncated() ? 1 : 0;
        tokens += sample.length();
        targets += sample.targets();
        digest(digest, sample, dataset.weight(row));
      }
    }
    int[] used = Arrays.copyOf(lengths, kept);
    return new TextRows(
        kept == rows.length ? dataset : dataset.subset(Arrays.copyOf(rows, kept)),
        encoder,
        used,
        EncodingReport.ofRows(
            rows.length,
            kept,
            truncated,
            tokens,
            targets,
            Arrays.stream(used).max().orElse(0),
            digest));
  }

  private static void digest(MessageDigest digest, LabeledSample sample, double weight) {
    FileDigest.update(digest, sample.ids());
    FileDigest.update(digest, sample.typeIds());
    FileDigest.update(digest, sample.labels());
    ByteBuffer rest =
        ByteBuffer.allocate(sample.values().length * Float.BYTES + Double.BYTES)
            .order(ByteOrder.BIG_ENDIAN);
    rest.putDouble(weight);
    rest.asFloatBuffer().put(sample.values());
    digest.update(rest.array());
  }
}
