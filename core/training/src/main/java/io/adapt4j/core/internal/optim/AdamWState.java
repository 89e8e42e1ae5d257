package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.TensorLists;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.optim.Optimizer;
import java.util.ArrayList;
import java.util.List;

/** State of AdamW with fp32 moments: one native call per step or, when paged, one per value. */
final class AdamWState extends OptimizerState {

  private final Optimizer.AdamW options;
  private final double weightDecay;
  private final List<Tensor> means = moments("mean");
  private final List<Tensor> squares = moments("square");
  private final List<Tensor> counters = new ArrayList<>();

  AdamWState(
      List<Trainable> trained, Optimizer.AdamW options, double weightDecay, StateMemory memory) {
    super(trained, memory);
    this.options = options;
    this.weightDecay = weightDecay;
    trained.forEach(parameter -> counters.add(Tensor.zeros(DType.F32).own()));
  }

  @Override
  void update(double learningRate) {
    int all = trained().size();
    int atOnce = memory().atOnce(all);
    for (int first = 0; first < all; first += atOnce) {
      update(first, first + atOnce, learningRate);
    }
  }

  private void update(int first, int end, double learningRate) {
    List<Trainable> some = trained().subList(first, end);
    List<Tensor> moments = new ArrayList<>(means.subList(first, end));
    moments.addAll(squares.subList(first, end));
    memory()
        .update(
            moments,
            some.get(0).value(),
            near ->
                TensorLists.adamW(
                    values(some),
                    decayedValues(some),
                    gradients(some),
                    near.subList(0, some.size()),
                    near.subList(some.size(), near.size()),
                    counters.subList(first, end),
                    new double[] {
                      learningRate, options.beta1(), options.beta2(), options.eps(), weightDecay
                    }));
  }

  /** The native operator keeps its own step count. */
  @Override
  void restored() {
    try (Tensor count = Tensor.of(new float[] {steps()})) {
      counters.forEach(counter -> counter.copyFrom(count));
    }
  }

  @Override
  public void close() {
    super.close();
    counters.forEach(Tensor::close);
  }
}
