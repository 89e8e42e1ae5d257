package io.adapt4j.core.internal.tensor.loss;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * Losses of classification and regression heads: single-label, multi-label and squared error. Each
 * is a sum over rows; with weights, a row's loss is multiplied by its weight.
 */
public final class ClassLoss {

  private static final Operator CLASS_CROSS_ENTROPY = Operator.core("class_cross_entropy");
  private static final Operator BINARY_CROSS_ENTROPY = Operator.core("binary_cross_entropy");
  private static final Operator SQUARED_ERROR = Operator.core("squared_error");

  private ClassLoss() {}

  /** A loss and its gradient. */
  public record Result(double sum, Tensor logitsGradient) {}

  /**
   * Sums cross-entropies, -log p(label), where p is the softmax of a row. Shape of {@code logits}:
   * [N, classes].
   */
  public static Result crossEntropy(Tensor logits, Tensor labels) {
    return crossEntropy(logits, labels, Optional.empty());
  }

  /** Sums weighted cross-entropies, -log p(label), where p is the softmax of a row. */
  public static Result crossEntropy(Tensor logits, Tensor labels, Optional<Tensor> weights) {
    return call(CLASS_CROSS_ENTROPY, logits, labels, weights);
  }

  /**
   * Sums binary cross-entropies with logits; a row's loss is the mean over its classes.
   *
   * @param targets F32 [N, classes], 1 if the class applies and 0 if not
   */
  public static Result binaryCrossEntropy(Tensor logits, Tensor targets, Optional<Tensor> weights) {
    return call(BINARY_CROSS_ENTROPY, logits, targets, weights);
  }

  /**
   * Sums squared errors; a row's loss is the mean over its entries.
   *
   * @param outputs [N, values]
   * @param targets F32 [N, values]
   */
  public static Result squaredError(Tensor outputs, Tensor targets, Optional<Tensor> weights) {
    return call(SQUARED_ERROR, outputs, targets, weights);
  }

  private static Result call(
      Operator operator, Tensor logits, Tensor targets, Optional<Tensor> weights) {
    List<Tensor> given = weights.map(List::of).orElse(List.of());
    Tensor[] made = operator.tensors(logits, targets, given);
    double sum = made[0].item();
    made[0].close();
    return new Result(sum, made[1]);
  }
}
