package io.adapt4j.core.internal.tensor.loss;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/** Z-loss (Chowdhery et al. 2022, section 5): squared log of the softmax's denominator. */
public final class NormalizerLoss {

  private static final Operator NORMALIZER_LOSS = Operator.core("normalizer_loss");

  private static final long LOGITS = 1L << 23;

  private NormalizerLoss() {}

  /**
   * Sums the weighted loss over rows and computes the gradient of the sum times a scale. Shape of
   * {@code hidden}: [N, hidden].
   */
  public static VocabularyLoss.Result forwardBackward(
      Tensor hidden, VocabularyHead head, List<Tensor> weights, double scale) {
    Tensor[] made =
        NORMALIZER_LOSS.tensors(
            hidden,
            head.weight().value(),
            head.biasValue(),
            head.scale(),
            head.softCap(),
            weights,
            scale,
            Math.max(16, LOGITS / head.weight().sizes()[0]),
            head.weightGradient(),
            head.biasGradient());
    double sum = made[0].item();
    made[0].close();
    return new VocabularyLoss.Result(sum, made[1]);
  }
}
