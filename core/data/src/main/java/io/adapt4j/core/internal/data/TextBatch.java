package io.adapt4j.core.internal.data;

import java.util.Arrays;
import java.util.List;

/**
 * Right-padded batch of texts with their labels. Arrays of tokens are in row-major order, [rows,
 * length]. Not copied in or out: treat them as read-only.
 *
 * @param attentionMask 1 for a token, 0 for padding
 * @param values multi-hot labels [rows, classes], or one regression target per text; empty if
 *     {@code labels} are given
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
public record TextBatch(
    int rows,
    int length,
    long[] inputIds,
    long[] attentionMask,
    long[] typeIds,
    boolean ofTokens,
    long[] labels,
    float[] values,
    float[] weights) {

  /** Pads samples of one problem to the longest one. */
  public static TextBatch of(List<LabeledSample> samples, float[] weights, int paddingId) {
    int rows = samples.size();
    int length = samples.stream().mapToInt(LabeledSample::length).max().orElse(0);
    long[] ids = new long[rows * length];
    long[] mask = new long[ids.length];
    long[] types = new long[ids.length];
    Arrays.fill(ids, paddingId);
    for (int row = 0; row < rows; row++) {
      LabeledSample sample = samples.get(row);
      for (int i = 0; i < sample.length(); i++) {
        ids[row * length + i] = sample.ids()[i];
        types[row * length + i] = sample.typeIds()[i];
        mask[row * length + i] = 1;
      }
    }
    return new TextBatch(
        rows,
        length,
        ids,
        mask,
        types,
        samples.get(0).ofTokens(),
        labels(samples, length),
        values(samples),
        weights);
  }

  private static long[] labels(List<LabeledSample> samples, int length) {
    if (!samples.get(0).ofTokens()) {
      return samples.stream()
          .flatMapToInt(sample -> Arrays.stream(sample.labels()))
          .asLongStream()
          .toArray();
    }
    long[] labels = new long[samples.size() * length];
    Arrays.fill(labels, TrainingSample.IGNORED);
    for (int row = 0; row < samples.size(); row++) {
      int[] own = samples.get(row).labels();
      for (int i = 0; i < own.length; i++) {
        labels[row * length + i] = own[i];
      }
    }
    return labels;
  }

  private static float[] values(List<LabeledSample> samples) {
    int columns = samples.get(0).values().length;
    float[] values = new float[samples.size() * columns];
    for (int row = 0; row < samples.size(); row++) {
      System.arraycopy(samples.get(row).values(), 0, values, row * columns, columns);
    }
    return values;
  }

  /** Returns the number of loss terms. */
  public long targets() {
    return ofTokens
        ? Arrays.stream(labels).filter(label -> label != TrainingSample.IGNORED).count()
        : rows;
  }

  /** Returns the sum of the weights of the loss terms. */
  public double weight() {
    double sum = 0;
    for (int row = 0; row < rows; row++) {
      sum += weights[row] * (ofTokens ? labelledTokens(row) : 1);
    }
    return sum;
  }

  private long labelledTokens(int row) {
    return Arrays.stream(labels, row * length, (row + 1) * length)
        .filter(label -> label != TrainingSample.IGNORED)
        .count();
  }

  /** {@return the number of tokens without padding} */
  public long tokens() {
    return Arrays.stream(attentionMask).sum();
  }
}
