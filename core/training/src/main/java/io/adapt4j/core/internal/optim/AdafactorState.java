package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.optim.Optimizer;
import java.util.ArrayList;
import java.util.List;

/** State of Adafactor. */
final class AdafactorState extends OptimizerState {

  private final Optimizer.Adafactor options;
  private final double weightDecay;

  /**
   * Second moments of each value: one per row and per column for matrices, otherwise one per
   * element.
   */
  private final List<List<Tensor>> squares = new ArrayList<>();

  AdafactorState(List<Trainable> trained, Optimizer.Adafactor options, double weightDecay) {
    super(trained);
    this.options = options;
    this.weightDecay = weightDecay;
    for (Trainable parameter : trained) {
      long[] sizes = parameter.value().sizes();
      squares.add(
          sizes.length == 2
              ? List.of(
                  moment("row." + parameter.name(), DType.F32, sizes[0]),
                  moment("column." + parameter.name(), DType.F32, sizes[1]))
              : List.of(moment("square." + parameter.name(), DType.F32, sizes)));
    }
  }

  @Override
  void update(double learningRate) {
    double beta2 = 1 - Math.pow(steps(), options.decayRate());
    for (int i = 0; i < squares.size(); i++) {
      Trainable parameter = trained().get(i);
      TensorLists.adafactor(
          parameter.value(),
          parameter.gradient(),
          squares.get(i),
          new double[] {
            learningRate,
            beta2,
            options.eps(),
            options.clipThreshold(),
            decays(parameter.name()) ? weightDecay : 0
          });
    }
  }
}
