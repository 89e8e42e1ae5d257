package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.optim.Optimizer;
import java.util.List;

/** State of stochastic gradient descent. */
final class SgdState extends OptimizerState {

  private final Optimizer.Sgd options;
  private final double weightDecay;
  private final List<Tensor> momenta;

  SgdState(List<Trainable> trained, Optimizer.Sgd options, double weightDecay) {
    super(trained);
    this.options = options;
    this.weightDecay = weightDecay;
    this.momenta = options.momentum() == 0 ? List.of() : moments("momentum");
  }

  @Override
  void update(double learningRate) {
    double[] decays =
        trained().stream()
            .mapToDouble(parameter -> decays(parameter.name()) ? weightDecay : 0)
            .toArray();
    TensorLists.sgd(
        values(),
        gradients(),
        momenta,
        decays,
        learningRate,
        options.momentum(),
        options.nesterov(),
        steps() == 1);
  }
}
