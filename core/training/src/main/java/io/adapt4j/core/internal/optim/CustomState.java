package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.train.spi.OptimizerRule;
import io.adapt4j.core.train.spi.ParameterUpdate;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/** State of a user-defined {@link OptimizerRule}. */
final class CustomState extends OptimizerState {

  private final OptimizerRule rule;
  private final double weightDecay;

  /** Moments of each value by name. */
  private final List<Map<String, Tensor>> moments = new ArrayList<>();

  /** Trained values while averages are in their place. */
  private final List<Tensor> set = new ArrayList<>();

  CustomState(List<Trainable> trained, OptimizerRule rule, double weightDecay) {
    super(trained);
    this.rule = rule;
    this.weightDecay = weightDecay;
    for (Trainable parameter : trained) {
      Map<String, Tensor> own = new LinkedHashMap<>();
      rule.state(parameter.name(), sizes(parameter))
          .forEach(
              (name, sizes) ->
                  own.put(
                      name,
                      moment(
                          name + "." + parameter.name(),
                          DType.F32,
                          sizes.stream().mapToLong(Long::longValue).toArray())));
      moments.add(own);
    }
  }

  private static List<Long> sizes(Trainable parameter) {
    return LongStream.of(parameter.value().sizes()).boxed().toList();
  }

  @Override
  void update(double learningRate) {
    for (int i = 0; i < trained().size(); i++) {
      apply(i, learningRate, rule::update);
    }
  }

  @Override
  public boolean averages() {
    return rule.averages();
  }

  @Override
  public void average() {
    for (int i = 0; i < trained().size() && steps() > 0; i++) {
      Tensor value = trained().get(i).value();
      set.add(value.copyAs(value.type()).own());
      apply(i, 0, rule::average);
    }
  }

  @Override
  public void train() {
    for (int i = 0; i < set.size(); i++) {
      trained().get(i).value().copyFrom(set.get(i));
    }
    set.forEach(Tensor::close);
    set.clear();
  }

  private void apply(int index, double learningRate, Consumer<ParameterUpdate> action) {
    Trainable trainable = trained().get(index);
    Map<String, Tensor> kept = moments.get(index);
    try (Scope scope = Scope.open()) {
      Tensor value = trainable.value().toHost();
      Map<String, Tensor> near = new LinkedHashMap<>();
      kept.forEach((name, moment) -> near.put(name, moment.toHost()));
      Map<String, FloatBuffer> buffers = new LinkedHashMap<>();
      near.forEach((name, moment) -> buffers.put(name, floats(moment)));
      FloatBuffer values = floats(value);
      action.accept(
          new ParameterUpdate(
              trainable.name(),
              sizes(trainable),
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

  @Override
  public void close() {
    super.close();
    set.forEach(Tensor::close);
    set.clear();
  }
}
