package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.train.spi.OptimizerRule;
import io.adapt4j.core.train.spi.ParameterUpdate;
import java.nio.FloatBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** State of a user-defined {@link OptimizerRule}. */
final class CustomState extends OptimizerState {

  private final OptimizerRule rule;
  private final double weightDecay;
  private final Map<String, List<Tensor>> moments = new LinkedHashMap<>();

  CustomState(List<Trainable> trained, OptimizerRule rule, double weightDecay) {
    super(trained);
    this.rule = rule;
    this.weightDecay = weightDecay;
    rule.moments().forEach(name -> moments.put(name, moments(name)));
  }

  @Override
  void update(double learningRate) {
    for (int i = 0; i < trained().size(); i++) {
      update(i, learningRate);
    }
  }

  private void update(int index, double learningRate) {
    Trainable trainable = trained().get(index);
    Map<String, Tensor> kept = new LinkedHashMap<>();
    moments.forEach((name, all) -> kept.put(name, all.get(index)));
    try (Scope scope = Scope.open()) {
      Tensor value = trainable.value().toHost();
      Map<String, Tensor> near = new LinkedHashMap<>();
      kept.forEach((name, moment) -> near.put(name, moment.toHost()));
      Map<String, FloatBuffer> buffers = new LinkedHashMap<>();
      near.forEach((name, moment) -> buffers.put(name, floats(moment)));
      FloatBuffer values = floats(value);
      rule.update(
          new ParameterUpdate(
              trainable.name(),
              LongStream.of(value.sizes()).boxed().toList(),
              values.duplicate(),
              floats(trainable.gradient().toHost()).asReadOnlyBuffer(),
              buffers,
              steps(),
              learningRate,
              decays(trainable.name()) ? weightDecay : 0));
      requireFinite(trainable.name(), values);
      copyBack(value, trainable.value());
      near.forEach((name, moment) -> copyBack(moment, kept.get(name)));
    }
  }

  private static FloatBuffer floats(Tensor tensor) {
    return tensor.data().asFloatBuffer();
  }

  private static void copyBack(Tensor near, Tensor kept) {
    if (near != kept) {
      kept.copyFrom(near);
    }
  }

  private void requireFinite(String name, FloatBuffer values) {
    for (int i = 0; i < values.limit(); i++) {
      if (!Float.isFinite(values.get(i))) {
        throw new NonFiniteUpdateException(
            "optimizer %s: expected finite values, found %s at index %s of %s after step %s"
                .formatted(rule.name(), values.get(i), i, name, steps()));
      }
    }
  }
}
