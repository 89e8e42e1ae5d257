package io.adapt4j.core.internal.nn.loss;

import io.adapt4j.core.internal.nn.TargetRows;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.loss.ClassLoss;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.Optional;

/** Targets of a batch of texts, and their loss. Every text has a weight in the loss. */
public sealed interface TextTargets {

  /**
   * Selects the logits that have a target: all of them by default.
   *
   * @return [N, classes]
   */
  default Tensor select(Ops ops, Tensor logits) {
    return logits;
  }

  ClassLoss.Result loss(Tensor selected);

  /** One class per text: cross-entropy. */
  @SuppressWarnings("ArrayRecordComponent") // handed straight to libtorch, never compared
  record OneClass(long[] labels, float[] weights) implements TextTargets {

    @Override
    public ClassLoss.Result loss(Tensor selected) {
      return ClassLoss.crossEntropy(
          selected, Tensor.of(labels, labels.length), weightTensor(weights));
    }
  }

  /**
   * Any number of classes per text: binary cross-entropy, averaged over the classes.
   *
   * @param labels 1 if a class applies and 0 if not, row-major [texts, classes]
   */
  @SuppressWarnings("ArrayRecordComponent") // handed straight to libtorch, never compared
  record ManyClasses(float[] labels, float[] weights) implements TextTargets {

    @Override
    public ClassLoss.Result loss(Tensor selected) {
      return ClassLoss.binaryCrossEntropy(
          selected, Tensor.of(labels, selected.sizes()), weightTensor(weights));
    }
  }

  /** One number per text: squared error. */
  @SuppressWarnings("ArrayRecordComponent") // handed straight to libtorch, never compared
  record Numbers(float[] values, float[] weights) implements TextTargets {

    @Override
    public ClassLoss.Result loss(Tensor selected) {
      return ClassLoss.squaredError(
          selected, Tensor.of(values, selected.sizes()), weightTensor(weights));
    }
  }

  /**
   * A class for some tokens: cross-entropy of each.
   *
   * @param labels the class of each token, {@value TargetRows#IGNORED} if it has none; row-major
   *     [texts, length]
   */
  @SuppressWarnings("ArrayRecordComponent") // handed straight to libtorch, never compared
  record TokenClasses(long[] labels, float[] weights) implements TextTargets {

    @Override
    public Tensor select(Ops ops, Tensor logits) {
      return ops.gatherRows(logits, TargetRows.masked(labels).index());
    }

    @Override
    public ClassLoss.Result loss(Tensor selected) {
      int length = labels.length / weights.length;
      float[] ofTokens = new float[Math.toIntExact(selected.size(0))];
      int next = 0;
      for (int i = 0; i < labels.length; i++) {
        if (labels[i] != TargetRows.IGNORED) {
          ofTokens[next++] = weights[i / length];
        }
      }
      return ClassLoss.crossEntropy(
          selected, TargetRows.masked(labels).targets(), weightTensor(ofTokens));
    }
  }

  private static Optional<Tensor> weightTensor(float[] weights) {
    boolean equal = true;
    for (float weight : weights) {
      equal &= weight == 1;
    }
    return equal ? Optional.empty() : Optional.of(Tensor.of(weights, weights.length));
  }
}
