package io.adapt4j.core.internal.data;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.FileDigest;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;

/** Tokenizes every row of a dataset, on all processors, and counts what becomes of them. */
public final class RowFilter {

  /** Rows tokenized at once. */
  private static final int CHUNK = 2048;

  /** The part of the heap that samples may fill. */
  private static final int HEAP_SHARE = 8;

  private final Dataset dataset;
  private final ExampleEncoder encoder;
  private final Samples.Builder samples;
  private final MessageDigest digest = FileDigest.sha256();
  private final int[] rows;
  private int kept;
  private int count;
  private int truncated;
  private int split;
  private int tooLong;
  private int nothingToLearn;
  private long tokens;
  private long targetTokens;
  private int longest;

  RowFilter(Dataset dataset, ExampleEncoder encoder) {
    this(dataset, encoder, Runtime.getRuntime().maxMemory() / HEAP_SHARE);
  }

  /** With the bytes that samples may take. */
  RowFilter(Dataset dataset, ExampleEncoder encoder, long bytes) {
    this.dataset = dataset;
    this.encoder = encoder;
    this.samples = new Samples.Builder(dataset, encoder, bytes);
    this.rows = new int[dataset.size()];
  }

  EncodableRows run() {
    for (int from = 0; from < rows.length; from += CHUNK) {
      List<EncodedExample> encoded = encode(from, Math.min(from + CHUNK, rows.length));
      for (int i = 0; i < encoded.size(); i++) {
        take(from + i, encoded.get(i));
      }
    }
    return new EncodableRows(
        kept == rows.length ? dataset : dataset.subset(Arrays.copyOf(rows, kept)),
        new EncodingReport(
            rows.length,
            kept,
            count,
            truncated,
            split,
            tooLong,
            nothingToLearn,
            tokens,
            targetTokens,
            longest,
            HexFormat.of().formatHex(digest.digest()),
            0),
        samples.build());
  }

  /**
   * Rows are read one after the other, as files are fastest read. Of several rows that cannot be
   * encoded the first is named, whichever thread was first to meet one.
   */
  private List<EncodedExample> encode(int from, int to) {
    List<Example> examples = new ArrayList<>();
    for (int row = from; row < to; row++) {
      examples.add(dataset.get(row));
    }
    try {
      return examples.stream().parallel().map(encoder::encode).toList();
    } catch (RuntimeException e) {
      return IntStream.range(from, to).mapToObj(row -> encoder.encodeRow(dataset, row)).toList();
    }
  }

  private void take(int row, EncodedExample encoded) {
    if (encoded instanceof EncodedExample.Dropped dropped) {
      tooLong += dropped.reason() == EncodedExample.Reason.TOO_LONG ? 1 : 0;
      nothingToLearn += dropped.reason() == EncodedExample.Reason.NOTHING_TO_LEARN ? 1 : 0;
      return;
    }
    rows[kept++] = row;
    truncated += encoded instanceof EncodedExample.Kept one && one.truncated() ? 1 : 0;
    split += encoded instanceof EncodedExample.Split ? 1 : 0;
    double weight = dataset.weight(row);
    for (TrainingSample sample : encoded.samples()) {
      count = Math.incrementExact(count);
      tokens += sample.length();
      targetTokens += sample.targetTokens();
      longest = Math.max(longest, sample.length());
      SampleDigest.add(digest, sample, weight);
      samples.add(row, sample);
    }
  }
}
