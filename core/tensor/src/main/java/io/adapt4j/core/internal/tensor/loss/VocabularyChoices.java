package io.adapt4j.core.internal.tensor.loss;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;

/**
 * Gradient of a loss of log-probabilities of chosen tokens and of entropies. Logits exist for some
 * rows at a time, as in {@link VocabularyLoss}.
 */
public final class VocabularyChoices {

  private static final Operator CHOICE_GRADIENT = Operator.core("choice_gradient");

  /** Maximum number of logits at once. */
  private static final long LOGITS = 1L << 23;

  private VocabularyChoices() {}

  /**
   * Computes the gradient of a loss with respect to the hidden states, times a scale. The head's
   * gradient is accumulated if it is trained.
   *
   * @param hidden [N, hidden]
   * @param byLogProbs derivative of the loss by the log-probability of each target [N]
   * @param byEntropies derivative by the entropy of each row's distribution [N]
   */
  public static Tensor backward(
      Tensor hidden,
      VocabularyHead head,
      Tensor targets,
      float[] byLogProbs,
      float[] byEntropies,
      double scale) {
    return CHOICE_GRADIENT.tensor(
        hidden,
        head.weight().value(),
        head.biasValue(),
        head.scale(),
        head.softCap(),
        targets,
        Tensor.of(byLogProbs, byLogProbs.length),
        Tensor.of(byEntropies, byEntropies.length),
        scale,
        Math.max(16, LOGITS / head.weight().sizes()[0]),
        head.weightGradient(),
        head.biasGradient());
  }
}
