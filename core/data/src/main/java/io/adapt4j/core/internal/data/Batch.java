package io.adapt4j.core.internal.data;

import java.util.Arrays;
import java.util.List;

/**
 * Batch of token sequences, padded to one length or packed (several samples per row). The arrays of
 * tokens are in row-major order, [rows, length]. Not copied in or out: treat them as read-only.
 *
 * @param attentionMask 1 for a token, 0 for padding
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
public record Batch(
    int rows,
    int length,
    long[] inputIds,
    long[] attentionMask,
    long[] labels,
    int[][] documents,
    float[] weights) {

  /** Creates a batch. */
  public Batch {
    int size = Math.multiplyExact(rows, length);
    if (rows < 1
        || inputIds.length != size
        || attentionMask.length != size
        || labels.length != size
        || (weights.length != 0 && weights.length != size)) {
      throw new IllegalArgumentException(
          String.format(
              "a batch of %d rows and length %d needs arrays of %d elements, found inputIds %d,"
                  + " attentionMask %d, labels %d, weights %d",
              rows,
              length,
              size,
              inputIds.length,
              attentionMask.length,
              labels.length,
              weights.length));
    }
    if (documents.length != 0 && documents.length != rows) {
      throw new IllegalArgumentException(
          "a packed batch of " + rows + " rows has documents for " + documents.length);
    }
  }

  /** Pads samples to the longest one. */
  public static Batch of(List<TrainingSample> samples, int paddingId, PaddingSide side) {
    int longest = samples.stream().mapToInt(TrainingSample::length).max().orElse(0);
    return ofLength(longest, samples, paddingId, side);
  }

  static Batch ofLength(int length, List<TrainingSample> samples, int paddingId, PaddingSide side) {
    Collator filler = new Collator(samples.size(), length, paddingId);
    for (int row = 0; row < samples.size(); row++) {
      filler.add(row, samples.get(row), side, 1);
    }
    return filler.padded();
  }

  /**
   * Returns the number of loss terms: unmasked labels except the first of each row, which no
   * position predicts.
   */
  public long targetTokens() {
    long count = 0;
    for (int i = 0; i < labels.length; i++) {
      count += i % length == 0 || labels[i] == TrainingSample.IGNORED ? 0 : 1;
    }
    return count;
  }

  /** Returns the divisor of the mean loss: the sum of the weights of its terms. */
  public double targetWeight() {
    if (weights.length == 0) {
      return targetTokens();
    }
    double sum = 0;
    for (int i = 0; i < labels.length; i++) {
      sum += i % length == 0 || labels[i] == TrainingSample.IGNORED ? 0 : weights[i];
    }
    return sum;
  }

  /** {@return the number of tokens without padding} */
  public long tokens() {
    return Arrays.stream(attentionMask).sum();
  }
}
