package io.adapt4j.core.internal.tokenize;

import java.util.Arrays;
import java.util.List;

/**
 * Batch of token sequences, padded to one length or packed (several samples per row). The arrays of
 * tokens are in row-major order, [rows, length]. Not copied in or out: treat them as read-only.
 *
 * @param attentionMask 1 for a token, 0 for padding
 * @param typeIds token types; empty if all are 0
 * @param labels targets of tokens [rows, length], tokens of target texts [rows, any], or class
 *     indices [rows]; empty if there are none
 * @param documents lengths of the samples of each packed row; empty if rows are padded
 * @param weights weights of the labels in the loss [rows, length]; empty if all are 1
 * @param sources numbers of the files that the tokens come from [rows, length]; empty if unknown
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
public record Batch(
    long[] ids,
    long[] attentionMask,
    long[] typeIds,
    long[] labels,
    int rows,
    int length,
    int[][] documents,
    float[] weights,
    int[] sources) {

  /** The label of a position without loss. */
  public static final int IGNORED = -100;

  /** Checks the sizes. */
  public Batch {
    int size = Math.multiplyExact(rows, length);
    if (rows < 1
        || ids.length != size
        || attentionMask.length != size
        || (typeIds.length != 0 && typeIds.length != size)
        || labels.length % rows != 0
        || (weights.length != 0 && weights.length != size)
        || (sources.length != 0 && sources.length != size)) {
      throw new IllegalArgumentException(
          String.format(
              "a batch of %d rows and length %d needs arrays of %d elements, found ids %d,"
                  + " attentionMask %d, typeIds %d, labels %d, weights %d, sources %d",
              rows,
              length,
              size,
              ids.length,
              attentionMask.length,
              typeIds.length,
              labels.length,
              weights.length,
              sources.length));
    }
    if (documents.length != 0 && documents.length != rows) {
      throw new IllegalArgumentException(
          "a packed batch of " + rows + " rows has documents for " + documents.length);
    }
  }

  /** Creates a padded batch of texts with token types. */
  public Batch(
      long[] ids, long[] attentionMask, long[] typeIds, long[] labels, int rows, int length) {
    this(ids, attentionMask, typeIds, labels, rows, length, new int[0][], new float[0], new int[0]);
  }

  public Batch(long[] ids, long[] attentionMask, long[] labels, int rows, int length) {
    this(ids, attentionMask, new long[0], labels, rows, length);
  }

  /** Creates a padded or packed batch with weights. */
  public Batch(
      long[] ids,
      long[] attentionMask,
      long[] labels,
      int rows,
      int length,
      int[][] documents,
      float[] weights) {
    this(ids, attentionMask, new long[0], labels, rows, length, documents, weights, new int[0]);
  }

  /** Right-pads token ids to the longest, without labels. */
  public static Batch padded(List<int[]> rows, int paddingId) {
    return padded(rows, longest(rows), paddingId);
  }

  /** Right-pads token ids to one length, without labels. */
  public static Batch padded(List<int[]> rows, int length, int paddingId) {
    long[] mask = new long[rows.size() * length];
    for (int row = 0; row < rows.size(); row++) {
      Arrays.fill(mask, row * length, row * length + rows.get(row).length, 1);
    }
    return new Batch(matrix(rows, length, paddingId), mask, new long[0], rows.size(), length);
  }

  /** {@return the length of the longest row} */
  public static int longest(List<int[]> rows) {
    return rows.stream().mapToInt(ids -> ids.length).max().orElse(0);
  }

  /** Right-pads rows of values to one length, in row-major order. */
  public static long[] matrix(List<int[]> rows, int length, int padding) {
    long[] values = new long[rows.size() * length];
    Arrays.fill(values, padding);
    for (int row = 0; row < rows.size(); row++) {
      int[] own = rows.get(row);
      for (int i = 0; i < own.length; i++) {
        values[row * length + i] = own[i];
      }
    }
    return values;
  }

  /** Returns this batch with token types and labels. */
  public Batch with(long[] types, long[] targets) {
    return new Batch(ids, attentionMask, types, targets, rows, length, documents, weights, sources);
  }

  /**
   * Returns the number of loss terms: unmasked labels except the first of each row, which no
   * position predicts.
   */
  public long targetTokens() {
    long count = 0;
    for (int i = 0; i < labels.length; i++) {
      count += i % length == 0 || labels[i] == IGNORED ? 0 : 1;
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
      sum += i % length == 0 || labels[i] == IGNORED ? 0 : weights[i];
    }
    return sum;
  }

  /** {@return the number of tokens without padding} */
  public long tokens() {
    return Arrays.stream(attentionMask).sum();
  }
}
