package io.adapt4j.core.internal.task.preference;

import com.google.common.primitives.Floats;
import io.adapt4j.core.internal.data.Collator;
import io.adapt4j.core.internal.data.PaddingSide;
import io.adapt4j.core.internal.data.TrainingSample;
import io.adapt4j.core.internal.tokenize.Batch;
import java.util.List;

/**
 * N labeled answers, and the same prompts with mismatched answers. Not copied in or out: treat the
 * arrays as read-only.
 */
// No equality by content; defensive copies of the arrays would be too expensive.
@SuppressWarnings("ArrayRecordComponent")
public record UnpairedBatch(
    Batch completions,
    Batch mismatched,
    int[] numbers,
    boolean[] desirable,
    float[] weights,
    float[] reference)
    implements AnswerBatch<UnpairedBatch> {

  /** Right-pads answers to their longest, and mismatched answers to theirs. */
  public static UnpairedBatch of(
      List<UnpairedSample> samples, int[] numbers, float[] weights, int paddingId) {
    boolean[] desirable = new boolean[samples.size()];
    for (int i = 0; i < desirable.length; i++) {
      desirable[i] = samples.get(i).desirable();
    }
    List<TrainingSample> own = samples.stream().map(UnpairedSample::completion).toList();
    List<TrainingSample> other = samples.stream().map(UnpairedSample::mismatched).toList();
    return new UnpairedBatch(
        Collator.pad(own, paddingId, PaddingSide.RIGHT),
        Collator.pad(other, paddingId, PaddingSide.RIGHT),
        numbers,
        desirable,
        weights,
        new float[0]);
  }

  @Override
  public UnpairedBatch withReference(float[] logProbs) {
    return new UnpairedBatch(completions, mismatched, numbers, desirable, weights, logProbs);
  }

  @Override
  public Batch texts() {
    return completions;
  }

  @Override
  public float[] logProbs(ReferenceModel model) {
    return Floats.concat(model.logProbs(completions), model.logProbs(mismatched));
  }
}
