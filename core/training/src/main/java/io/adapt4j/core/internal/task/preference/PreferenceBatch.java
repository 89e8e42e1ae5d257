package io.adapt4j.core.internal.task.preference;

import io.adapt4j.core.internal.data.Collator;
import io.adapt4j.core.internal.data.PaddingSide;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.ArrayList;
import java.util.List;

/**
 * N pairs of answers, padded to one length for a single forward pass. Not copied in or out: treat
 * the arrays as read-only.
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
public record PreferenceBatch(Batch sides, int[] numbers, float[] weights, float[] reference)
    implements AnswerBatch<PreferenceBatch> {

  /** Checks the sizes. */
  public PreferenceBatch {
    int size = numbers.length;
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

  /** Right-pads pairs to the longest of their answers. */
  public static PreferenceBatch of(
      List<PreferenceSample> samples, int[] numbers, float[] weights, int paddingId) {
    List<TrainingSample> sides = new ArrayList<>();
    samples.forEach(sample -> sides.add(sample.chosen()));
    samples.forEach(sample -> sides.add(sample.rejected()));
    return new PreferenceBatch(
        Collator.pad(sides, paddingId, PaddingSide.RIGHT), numbers, weights, new float[0]);
  }

  @Override
  public PreferenceBatch withReference(float[] logProbs) {
    return new PreferenceBatch(sides, numbers, weights, logProbs);
  }

  @Override
  public Batch texts() {
    return sides;
  }
}
