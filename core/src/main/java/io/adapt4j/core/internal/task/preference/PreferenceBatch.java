package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.Batch;
import io.adapt4j.core.internal.data.PaddingSide;
import io.adapt4j.core.internal.data.TrainingSample;
import java.util.ArrayList;
import java.util.List;

/**
 * N pairs of answers, padded to one length so that one forward pass does for both. Not copied in or
 * out: treat the arrays as read-only.
 *
 * @param sides 2N rows: the chosen answers, then the rejected ones in the same order
 * @param pairs [N] the numbers of the pairs in their {@link PreferenceRows}
 * @param weights [N] how much each pair counts in the loss
 * @param reference [2N] log-probability of each answer under the reference model; empty where it is
 *     not known beforehand
 */
// Equality by content is not offered; copying arrays in every call would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record PreferenceBatch(Batch sides, int[] pairs, float[] weights, float[] reference) {

  /**
   * Checks the sizes.
   *
   * @param sides 2N rows
   * @param pairs N numbers
   * @param weights N weights
   * @param reference 2N log-probabilities, or none
   * @throws IllegalArgumentException if the sizes do not agree
   */
  public PreferenceBatch {
    int size = pairs.length;
    if (sides.rows() != 2 * size
        || weights.length != size
        || (reference.length != 0 && reference.length != 2 * size)) {
      throw new IllegalArgumentException(
          String.format(
              "%d pairs need %d rows, as many weights as pairs and as many reference values as rows"
                  + " or none, found %d, %d and %d",
              size, 2 * size, sides.rows(), weights.length, reference.length));
    }
  }

  /**
   * Pads pairs to the longest of their answers, on the right.
   *
   * @param samples the pairs, at least one
   * @param pairs their numbers
   * @param weights how much each counts
   * @param paddingId the id to fill with
   * @return the batch, its reference unknown
   */
  public static PreferenceBatch of(
      List<PreferenceSample> samples, int[] pairs, float[] weights, int paddingId) {
    List<TrainingSample> sides = new ArrayList<>();
    samples.forEach(sample -> sides.add(sample.chosen()));
    samples.forEach(sample -> sides.add(sample.rejected()));
    return new PreferenceBatch(
        Batch.of(sides, paddingId, PaddingSide.RIGHT), pairs, weights, new float[0]);
  }

  /**
   * Adds what the reference model says of the answers.
   *
   * @param logProbs log-probability of each row's answer
   * @return the batch with them
   */
  public PreferenceBatch withReference(float[] logProbs) {
    return new PreferenceBatch(sides, pairs, weights, logProbs);
  }

  /** {@return the number of pairs} */
  public int size() {
    return pairs.length;
  }

  /**
   * Returns the sum of the weights.
   *
   * @return {@link #size} where every weight is 1
   */
  public double weight() {
    return sum(weights);
  }

  static double sum(float[] weights) {
    double sum = 0;
    for (float weight : weights) {
      sum += weight;
    }
    return sum;
  }
}
