package io.adapt4j.core.internal.data;

import io.adapt4j.core.internal.tokenize.Batch;
import io.adapt4j.core.internal.tokenize.PackedSequences;
import java.util.Arrays;
import java.util.List;

/** Collates samples into the arrays of a batch. */
public final class Collator {

  private final int rows;
  private final int length;
  private final long[] ids;
  private final long[] attentionMask;
  private final long[] labels;
  private final int[][] documents;
  private final float[] weights;
  private final int[] sources;
  private boolean weighted;
  private boolean sourced;

  Collator(int rows, int length, int paddingId) {
    int size = Math.multiplyExact(rows, length);
    this.rows = rows;
    this.length = length;
    this.ids = new long[size];
    this.attentionMask = new long[size];
    this.labels = new long[size];
    this.documents = new int[rows][0];
    this.weights = new float[size];
    this.sources = new int[size];
    Arrays.fill(ids, paddingId);
    Arrays.fill(labels, TrainingSample.IGNORED);
    Arrays.fill(weights, 1);
  }

  /** Pads samples to the longest one. */
  public static Batch pad(List<TrainingSample> samples, int paddingId, PaddingSide side) {
    int longest = samples.stream().mapToInt(TrainingSample::length).max().orElse(0);
    Collator collator = new Collator(samples.size(), longest, paddingId);
    for (int row = 0; row < samples.size(); row++) {
      collator.add(row, samples.get(row), side, 1);
    }
    return collator.padded();
  }

  /**
   * Packs samples into one row.
   *
   * @param separator label of each sample's first token, which no position predicts
   */
  public static Batch flatten(List<TrainingSample> samples, int separator) {
    int length = samples.stream().mapToInt(TrainingSample::length).sum();
    Collator collator = new Collator(1, length, 0);
    samples.forEach(sample -> collator.pack(0, sample, 1));
    Batch batch = collator.packed();
    int[] starts = new PackedSequences(batch.documents(), length).cumulativeLengths();
    Arrays.stream(starts, 0, samples.size()).forEach(start -> batch.labels()[start] = separator);
    return batch;
  }

  /** Fills a row with one sample. */
  void add(int row, TrainingSample sample, PaddingSide side, double weight) {
    int before = side == PaddingSide.LEFT ? length - sample.length() : 0;
    lay(row * length + before, sample, weight);
    // With left padding the first token has no predecessor, so it is not predicted.
    if (before > 0) {
      labels[row * length + before] = TrainingSample.IGNORED;
    }
  }

  /** Appends a sample to a row. */
  void pack(int row, TrainingSample sample, double weight) {
    int start = row * length + Arrays.stream(documents[row]).sum();
    lay(start, sample, weight);
    labels[start] = TrainingSample.IGNORED;
    int count = documents[row].length;
    documents[row] = Arrays.copyOf(documents[row], count + 1);
    documents[row][count] = sample.length();
  }

  /** Sets the file that the last added sample of a row comes from. */
  void from(int row, int source) {
    int start = row * length;
    int packed = documents[row].length;
    int last = packed == 0 ? length : Arrays.stream(documents[row]).sum();
    Arrays.fill(
        sources,
        start + (packed == 0 ? 0 : last - documents[row][packed - 1]),
        start + last,
        source);
    sourced = true;
  }

  private void lay(int start, TrainingSample sample, double weight) {
    for (int i = 0; i < sample.length(); i++) {
      ids[start + i] = sample.ids()[i];
      labels[start + i] = sample.labels()[i];
    }
    int end = start + sample.length();
    Arrays.fill(attentionMask, start, end, 1);
    if (weight != 1) {
      weighted = true;
      Arrays.fill(weights, start, end, (float) weight);
    }
  }

  /** Returns the batch of rows with one sample each. */
  Batch padded() {
    return batch(new int[0][]);
  }

  Batch packed() {
    return batch(documents);
  }

  private Batch batch(int[][] packed) {
    return new Batch(
        ids,
        attentionMask,
        new long[0],
        labels,
        rows,
        length,
        packed,
        weighted ? weights : new float[0],
        sourced ? sources : new int[0]);
  }
}
