package io.adapt4j.core.internal.task.preference;

import com.google.common.primitives.Floats;
import io.adapt4j.core.internal.data.Batch;
import io.adapt4j.core.internal.data.PaddingSide;
import io.adapt4j.core.internal.data.TrainingSample;
import java.util.List;

/**
 * N answers with their verdicts, and the same prompts with other answers. Not copied in or out:
 * treat the arrays as read-only.
 */
// Equality by content is not offered; copying arrays in every call would cost more than it gives.
@SuppressWarnings("ArrayRecordComponent")
public record UnpairedBatch(
    Batch completions,
    Batch mismatched,
    int[] numbers,
    boolean[] desirable,
    float[] weights,
    float[] reference)
    implements AnswerBatch<UnpairedBatch> {

  /** Pads answers on the right, to the longest of them and of their mismatches. */
  public static UnpairedBatch of(
      List<UnpairedSample> samples, int[] numbers, float[] weights, int paddingId) {
    boolean[] desirable = new boolean[samples.size()];
    for (int i = 0; i < desirable.length; i++) {
      desirable[i] = samples.get(i).desirable();
    }
    List<TrainingSample> own = samples.stream().map(UnpairedSample::completion).toList();
    List<TrainingSample> other = samples.stream().map(UnpairedSample::mismatched).toList();
    return new UnpairedBatch(
        Batch.of(own, paddingId, PaddingSide.RIGHT),
        Batch.of(other, paddingId, PaddingSide.RIGHT),
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
