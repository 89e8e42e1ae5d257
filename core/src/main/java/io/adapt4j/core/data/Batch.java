package io.adapt4j.core.data;

import java.util.Arrays;
import java.util.List;

/**
 * Samples side by side, filled to one length. The three arrays are in row-major order, [rows,
 * length]. Not copied in or out: treat them as read-only.
 *
 * @param rows number of samples, at least 1
 * @param length tokens in each row, padding included
 * @param inputIds token ids
 * @param attentionMask 1 for a token, 0 for padding
 * @param labels token id to learn, or {@link TrainingSample#IGNORED}; not shifted
 */
// Equality by content is not offered; copying arrays in every call would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record Batch(int rows, int length, long[] inputIds, long[] attentionMask, long[] labels) {

  /**
   * Creates a batch.
   *
   * @param rows number of samples, at least 1
   * @param length tokens in each row, padding included
   * @param inputIds token ids
   * @param attentionMask 1 for a token, 0 for padding
   * @param labels token id to learn, or {@link TrainingSample#IGNORED}; not shifted
   * @throws IllegalArgumentException if an array does not have rows times length elements
   */
  public Batch {
    int size = Math.multiplyExact(rows, length);
    if (rows < 1
        || inputIds.length != size
        || attentionMask.length != size
        || labels.length != size) {
      throw new IllegalArgumentException(
          String.format(
              "a batch of %d rows and length %d needs arrays of %d elements, found inputIds %d,"
                  + " attentionMask %d, labels %d",
              rows, length, size, inputIds.length, attentionMask.length, labels.length));
    }
  }

  /**
   * Pads samples to the longest of them.
   *
   * @param samples the samples, at least one
   * @param paddingId the id to fill with; it is masked, whatever it is
   * @param side where to fill
   * @return the batch
   * @throws IllegalArgumentException if there are no samples
   */
  public static Batch of(List<TrainingSample> samples, int paddingId, PaddingSide side) {
    int longest = samples.stream().mapToInt(TrainingSample::length).max().orElse(0);
    return ofLength(longest, samples, paddingId, side);
  }

  static Batch ofLength(int length, List<TrainingSample> samples, int paddingId, PaddingSide side) {
    int size = Math.multiplyExact(samples.size(), length);
    long[] inputIds = new long[size];
    long[] attentionMask = new long[size];
    long[] labels = new long[size];
    Arrays.fill(inputIds, paddingId);
    Arrays.fill(labels, TrainingSample.IGNORED);
    for (int row = 0; row < samples.size(); row++) {
      TrainingSample sample = samples.get(row);
      int start = row * length + (side == PaddingSide.LEFT ? length - sample.length() : 0);
      for (int i = 0; i < sample.length(); i++) {
        inputIds[start + i] = sample.ids()[i];
        labels[start + i] = sample.labels()[i];
      }
      // Nothing precedes a row's first token, so with padding on the left it is not predicted.
      if (side == PaddingSide.LEFT && sample.length() < length) {
        labels[start] = TrainingSample.IGNORED;
      }
      Arrays.fill(attentionMask, start, start + sample.length(), 1);
    }
    return new Batch(samples.size(), length, inputIds, attentionMask, labels);
  }

  /**
   * Returns the number of terms of the loss: labels that count, the first of each row left out,
   * since no position predicts it.
   *
   * @return the number of predicted tokens
   */
  public long targetTokens() {
    long count = 0;
    for (int i = 0; i < labels.length; i++) {
      count += i % length == 0 || labels[i] == TrainingSample.IGNORED ? 0 : 1;
    }
    return count;
  }

  /**
   * Returns the number of labels that count, the first of each row among them. Transformers divides
   * the loss of a step by this number ({@code num_items_in_batch}).
   *
   * @return the number of labels that are not {@link TrainingSample#IGNORED}
   */
  public long labelledTokens() {
    return Arrays.stream(labels).filter(label -> label != TrainingSample.IGNORED).count();
  }

  /**
   * Returns the number of tokens, padding left out.
   *
   * @return the number of tokens
   */
  public long tokens() {
    return Arrays.stream(attentionMask).sum();
  }
}
