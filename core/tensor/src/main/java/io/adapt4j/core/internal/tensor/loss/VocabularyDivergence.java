package io.adapt4j.core.internal.tensor.loss;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;

/**
 * Kullback-Leibler divergence between the predictions of a model and its base, computed from hidden
 * states of both. Logits exist for some rows at a time, as in {@link VocabularyLoss}.
 */
public final class VocabularyDivergence {

  private static final Operator DIVERGENCE = Operator.core("divergence");

  /** Maximum number of logits at once, of model and base together. */
  private static final long LOGITS = 1L << 24;

  private VocabularyDivergence() {}

  /**
   * Sums KL(p_base || p_model) over rows and computes the gradient of the sum times a scale. The
   * gradient of the model's head is accumulated if it is trained; the base gets none.
   *
   * @param hidden the model's [N, hidden]
   * @param baseHidden the base's [N, hidden]
   */
  public static VocabularyLoss.Result forwardBackward(
      Tensor hidden,
      VocabularyHead head,
      Tensor baseHidden,
      VocabularyHead baseHead,
      double scale) {
    long rows = Math.max(16, LOGITS / 2 / head.weight().sizes()[0]);
    return forwardBackward(hidden, head, baseHidden, baseHead, scale, rows);
  }

  /**
   * Computes the gradient with the logits of so many rows at once, on which the result does not
   * depend.
   */
  static VocabularyLoss.Result forwardBackward(
      Tensor hidden,
      VocabularyHead head,
      Tensor baseHidden,
      VocabularyHead baseHead,
      double scale,
      long rows) {
    Tensor[] made =
        DIVERGENCE.tensors(
            hidden,
            head.weight().value(),
            head.biasValue(),
            baseHidden,
            baseHead.weight().value(),
            baseHead.biasValue(),
            head.scale(),
            head.softCap(),
            scale,
            rows,
            head.weightGradient(),
            head.biasGradient());
    double sum = made[0].item();
    made[0].close();
    return new VocabularyLoss.Result(sum, made[1]);
  }
}
