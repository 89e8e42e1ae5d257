package io.adapt4j.core.internal.tensor;

/**
 * Kullback-Leibler divergence of predictions over the vocabulary from those of a base, from hidden
 * states of both. Logits exist for some rows at a time, as in {@link VocabularyLoss}.
 */
public final class VocabularyDivergence {

  private static final Operator DIVERGENCE = Operator.core("divergence");

  /** Logits of model and base together that exist at once. */
  private static final long LOGITS = 1L << 24;

  private VocabularyDivergence() {}

  /**
   * Sums KL(p_base || p_model) over rows and differentiates the sum times a scale. The gradient by
   * the model's head is added to it where it is trained; the base gets none.
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

  /** Differentiates with the logits of so many rows at once; the result does not depend on it. */
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
