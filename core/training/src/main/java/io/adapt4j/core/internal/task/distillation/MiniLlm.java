package io.adapt4j.core.internal.task.distillation;

import io.adapt4j.core.internal.task.rl.PolicyLoss;
import io.adapt4j.core.internal.task.rl.PolicyTokens;
import io.adapt4j.core.internal.task.rl.TokenWeights;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.VocabularyDistillation;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import io.adapt4j.core.reinforce.LossNormalization;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * MiniLLM (Gu et al. 2024): a policy loss whose advantages come from the teacher, and the
 * divergence of every single step.
 *
 * @param returns advantages by the teacher; empty for those given alone
 * @param singleStep whether KL(student || teacher), averaged over tokens, is added (eq. 7)
 */
public record MiniLlm(
    PolicyLoss policy, Optional<ReturnsToGo> returns, boolean singleStep, double temperature) {

  private static final float[] NONE = {};

  /**
   * Sampled completions.
   *
   * @param old log-probabilities when sampled; empty if those of now
   */
  @SuppressWarnings("ArrayRecordComponent") // a carrier, never compared
  public record Completions(int[] lengths, float[] old, float[] advantages) {}

  /** Computes the loss and the gradient of the hidden states of it times a scale. */
  public VocabularyLoss.Result forwardBackward(
      Tensor rows,
      VocabularyHead head,
      Tensor targets,
      VocabularyDistillation.Live teacher,
      Completions completions,
      double scale) {
    int[] lengths = completions.lengths();
    float[] advantages = advantages(rows, head, targets, teacher, completions);
    PolicyLoss.Outcome outcome =
        policy.of(
            new PolicyTokens(
                lengths,
                TokenWeights.of(LossNormalization.GRPO, lengths, 1, false),
                logProbs(rows, head, targets),
                completions.old(),
                NONE,
                advantages));
    double divisor = LossNormalization.GRPO.divisor(lengths, 1);
    float[] weights = outcome.derivative();
    for (int i = 0; i < weights.length; i++) {
      weights[i] = -weights[i];
    }
    Tensor gradient =
        VocabularyLoss.forwardBackward(
                rows, head, targets, List.of(Tensor.of(weights, weights.length)), scale / divisor)
            .hiddenGradient();
    if (!singleStep) {
      return new VocabularyLoss.Result(outcome.loss() / divisor, gradient);
    }
    float[] ones = new float[weights.length];
    Arrays.fill(ones, 1);
    VocabularyDistillation.Result steps =
        new VocabularyDistillation(1, temperature, 0, false, VocabularyDistillation.Rest.DROPPED)
            .forwardBackward(rows, head, teacher, ones, scale / Math.max(1, ones.length));
    return new VocabularyLoss.Result(
        outcome.loss() / divisor + steps.sum(ones) / Math.max(1, ones.length),
        gradient.plus(steps.hiddenGradient()));
  }

  public float[] advantages(
      Tensor rows,
      VocabularyHead head,
      Tensor targets,
      VocabularyDistillation.Live teacher,
      Completions completions) {
    int[] lengths = completions.lengths();
    float[] advantages = new float[Arrays.stream(lengths).sum()];
    float[] own = returns.isEmpty() ? NONE : logProbs(rows, tempered(head), targets);
    float[] others =
        returns.isEmpty() ? NONE : logProbs(teacher.hidden(), tempered(teacher.head()), targets);
    int from = 0;
    for (int row = 0; row < lengths.length; row++) {
      int to = from + lengths[row];
      Arrays.fill(advantages, from, to, completions.advantages()[row]);
      if (returns.isPresent()) {
        double[] byTeacher =
            returns
                .get()
                .advantages(
                    Arrays.copyOfRange(own, from, to), Arrays.copyOfRange(others, from, to));
        for (int i = from; i < to; i++) {
          advantages[i] += (float) byTeacher[i - from];
        }
      }
      from = to;
    }
    return advantages;
  }

  private VocabularyHead tempered(VocabularyHead head) {
    return new VocabularyHead(
        head.weight(), head.bias(), head.scale() / temperature, head.softCap() / temperature);
  }

  private static float[] logProbs(Tensor rows, VocabularyHead head, Tensor targets) {
    return VocabularyLoss.score(rows, head, targets).logProbabilities().toFloats();
  }
}
