package io.adapt4j.core.engine;

/** Cross-entropy of classes. */
public final class ClassLoss {

  private ClassLoss() {}

  /**
   * A loss and its gradient.
   *
   * @param sum sum over rows of -log p(label)
   * @param logitsGradient gradient of the sum by the logits
   */
  public record Result(double sum, Tensor logitsGradient) {}

  /**
   * Sums cross-entropies and differentiates the sum.
   *
   * @param logits [N, classes]
   * @param labels I64 [N], each at least 0 and below the number of classes
   * @return the sum and the gradient by the logits
   */
  public static Result crossEntropy(Tensor logits, Tensor labels) {
    Tensor[] made = LibTorch.tensors("class_cross_entropy", false, logits, labels);
    double sum = made[0].item();
    made[0].close();
    return new Result(sum, made[1]);
  }
}
