package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import java.util.List;

/**
 * Estimate of KL(student || teacher) from the sampled tokens alone: the constant log-ratio times
 * the student's log-probability. Its value is no divergence, its expected gradient that of one.
 */
public final class SampledTokens {

  private SampledTokens() {}

  /** Sums the weighted estimates, and computes the gradient of the sum times a scale. */
  public static VocabularyLoss.Result forwardBackward(
      Tensor rows,
      VocabularyHead head,
      Tensor targets,
      VocabularyDistillation.Live teacher,
      float[] weights,
      double scale) {
    float[] own = VocabularyLoss.score(rows, head, targets).logProbabilities().toFloats();
    float[] others =
        VocabularyLoss.score(teacher.hidden(), teacher.head(), targets)
            .logProbabilities()
            .toFloats();
    float[] factors = new float[weights.length];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = -weights[i] * (own[i] - others[i]);
    }
    return VocabularyLoss.forwardBackward(
        rows, head, targets, List.of(Tensor.of(factors, factors.length)), scale);
  }
}
