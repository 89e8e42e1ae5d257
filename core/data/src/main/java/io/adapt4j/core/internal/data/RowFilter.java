package io.adapt4j.core.internal.data;

import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.internal.FileDigest;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/** Tokenizes every row of a dataset on all processors and counts the outcomes. */
public final class RowFilter {

  /** Rows tokenized at once. */
  static final int CHUNK = 2048;

  /** Divisor of the heap that gives the memory for samples. */
  private static final int HEAP_SHARE = 8;

  private final Dataset dataset;
  private final ExampleEncoder encoder;
  private final RowMask mask;
  private final Samples.Builder samples;
  private final MessageDigest digest;
  private final int[] rows;
  private final EncodingCounts counts = new EncodingCounts();
  private int kept;

  RowFilter(Dataset dataset, ExampleEncoder encoder) {
    this(dataset, encoder, RowMask.NONE);
  }

  RowFilter(Dataset dataset, ExampleEncoder encoder, RowMask mask) {
    this(dataset, encoder, mask, FileDigest.sha256());
  }

  /** Creates a filter with a limit on the bytes that samples may take. */
  RowFilter(Dataset dataset, ExampleEncoder encoder, long bytes) {
    this(dataset, encoder, RowMask.NONE, bytes, FileDigest.sha256());
  }

  /** Creates a filter with the digest that samples are added to. */
  RowFilter(Dataset dataset, ExampleEncoder encoder, RowMask mask, MessageDigest digest) {
    this(dataset, encoder, mask, Runtime.getRuntime().maxMemory() / HEAP_SHARE, digest);
  }

  private RowFilter(
      Dataset dataset, ExampleEncoder encoder, RowMask mask, long bytes, MessageDigest digest) {
    this.mask = mask;
    this.digest = digest;
    this.dataset = dataset;
    this.encoder = encoder;
    this.samples = new Samples.Builder(dataset, encoder, mask, bytes);
    this.rows = new int[dataset.size()];
  }

  EncodableRows run() {
    for (int from = 0; from < rows.length; from += CHUNK) {
      List<EncodedRow<TrainingSample>> encoded = encode(from, Math.min(from + CHUNK, rows.length));
      for (int i = 0; i < encoded.size(); i++) {
        take(from + i, encoded.get(i));
      }
    }
    return finish();
  }

  /** Returns the rows that can be trained on, with the report of all rows. */
  EncodableRows finish() {
    return new EncodableRows(
        kept == rows.length ? dataset : dataset.subset(Arrays.copyOf(rows, kept)),
        counts.report(digest),
        samples.build());
  }

  /**
   * Encodes rows in parallel. They are read sequentially, which is fastest for files. If several
   * rows fail, the first one is reported regardless of thread timing.
   */
  List<EncodedRow<TrainingSample>> encode(int from, int to) {
    try {
      return mask.isEmpty()
          ? examples(from, to).parallelStream().map(encoder::encode).toList()
          : IntStream.range(from, to).parallel().mapToObj(this::encode).toList();
    } catch (RuntimeException e) {
      return IntStream.range(from, to).mapToObj(this::encode).toList();
    }
  }

  private EncodedRow<TrainingSample> encode(int row) {
    return mask.encode(encoder, dataset, row);
  }

  private List<Example> examples(int from, int to) {
    List<Example> examples = new ArrayList<>();
    for (int row = from; row < to; row++) {
      examples.add(dataset.get(row));
    }
    return examples;
  }

  /** Records the outcome of a row encoded here. */
  void take(int row, EncodedRow<TrainingSample> encoded) {
    if (!count(row, encoded.fate())) {
      return;
    }
    double weight = dataset.weight(row);
    for (TrainingSample sample : encoded.samples()) {
      count(sample.length(), sample.targetTokens());
      encoder.portable(sample).digest(digest, weight);
      samples.add(row, sample);
    }
  }

  /**
   * Records the outcome of a row encoded elsewhere; {@link #takeSample} follows for each sample.
   */
  void take(int row, RowFate fate) {
    count(row, fate);
  }

  /** Records a sample of a row encoded elsewhere. */
  void takeSample(int row, int length, int targets) {
    count(length, targets);
    samples.addElsewhere(row, length, targets);
  }

  /** Counts a row and returns whether it is kept. */
  private boolean count(int row, RowFate fate) {
    counts.addRow(fate);
    if (fate.isKept()) {
      rows[kept++] = row;
    }
    return fate.isKept();
  }

  private void count(int length, int targets) {
    counts.addSamples(1);
    counts.addTokens(length, length, targets);
  }
}
