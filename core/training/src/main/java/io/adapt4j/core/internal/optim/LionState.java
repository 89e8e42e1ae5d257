package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.optim.Optimizer;
import java.util.List;

/** State of Lion. */
final class LionState extends OptimizerState {

  private final Optimizer.Lion options;
  private final double weightDecay;
  private final List<Tensor> means = moments("mean");

  LionState(List<Trainable> trained, Optimizer.Lion options, double weightDecay) {
    super(trained);
    this.options = options;
    this.weightDecay = weightDecay;
  }

  @Override
  void update(double learningRate) {
    TensorLists.lion(
        values(),
        decayedValues(),
        gradients(),
        means,
        new double[] {learningRate, options.beta1(), options.beta2(), weightDecay});
  }
}
