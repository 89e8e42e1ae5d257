package io.adapt4j.core.internal.regularize;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.train.Penalty;
import java.util.ArrayList;
import java.util.List;

/**
 * Quadratic penalty strength / 2 * sum(weight * (value - anchor)^2), anchored at the values at its
 * creation (L2 to the base, or EWC with Fisher weights).
 */
final class QuadraticPenalty implements Penalty {

  private final List<Tensor> values;
  private final List<Tensor> gradients;
  private final List<Tensor> anchors = new ArrayList<>();
  private final List<Tensor> weights;
  private final double strength;

  /**
   * Copies the current values as anchors.
   *
   * @param weights one tensor per parameter, owned from now on; empty for weights of 1
   */
  QuadraticPenalty(List<Trainable> trained, List<Tensor> weights, double strength) {
    this.values = trained.stream().map(Trainable::value).toList();
    this.gradients = trained.stream().map(Trainable::gradient).toList();
    values.forEach(value -> anchors.add(value.copyAs(DType.F32).own()));
    this.weights = weights;
    this.strength = strength;
  }

  @Override
  public double add(int step, long seed) {
    return TensorLists.pull(values, anchors, weights, gradients, strength);
  }

  @Override
  public void close() {
    anchors.forEach(Tensor::close);
    weights.forEach(Tensor::close);
  }
}
