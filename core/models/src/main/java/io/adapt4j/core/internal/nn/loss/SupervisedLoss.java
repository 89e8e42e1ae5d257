package io.adapt4j.core.internal.nn.loss;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.NormalizerLoss;
import io.adapt4j.core.internal.tensor.loss.VocabularyHead;
import io.adapt4j.core.internal.tensor.loss.VocabularyLoss;
import java.util.List;

/**
 * Cross-entropy with label smoothing and z-loss, or dynamic fine-tuning.
 *
 * @param dynamic whether each token's loss is weighted by its probability, a constant factor (DFT,
 *     Wu et al. 2025, eq. 9)
 */
public record SupervisedLoss(boolean dynamic, double smoothing, double zLoss)
    implements LanguageModelLoss.Form {

  @Override
  public VocabularyLoss.Result forwardBackward(
      Tensor rows, VocabularyHead head, Tensor targets, List<Tensor> weights, double scale) {
    List<Tensor> factors = dynamic ? probabilities(rows, head, targets, weights) : weights;
    VocabularyLoss.Result loss =
        VocabularyLoss.forwardBackward(rows, head, targets, factors, smoothing, scale);
    if (zLoss == 0) {
      return loss;
    }
    VocabularyLoss.Result normalizer =
        NormalizerLoss.forwardBackward(rows, head, weights, zLoss * scale);
    return new VocabularyLoss.Result(
        loss.sum() + zLoss * normalizer.sum(),
        loss.hiddenGradient().plus(normalizer.hiddenGradient()));
  }

  private static List<Tensor> probabilities(
      Tensor rows, VocabularyHead head, Tensor targets, List<Tensor> weights) {
    float[] values = VocabularyLoss.score(rows, head, targets).logProbabilities().toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.exp(values[i]);
    }
    Tensor probabilities = Tensor.of(values, values.length);
    return List.of(weights.isEmpty() ? probabilities : probabilities.timesElements(weights.get(0)));
  }
}
