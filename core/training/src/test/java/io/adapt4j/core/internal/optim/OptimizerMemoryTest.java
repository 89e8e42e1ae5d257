package io.adapt4j.core.internal.optim;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.optim.Optimizer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What optimizers say of their memory, against the tensors they make. */
class OptimizerMemoryTest {

  static Stream<Optimizer> optimizers() {
    return Stream.of(
        Optimizer.adamW(),
        Optimizer.adamW8bit(),
        Optimizer.pagedAdamW(),
        Optimizer.pagedAdamW8bit(),
        Optimizer.adafactor(),
        Optimizer.sgd(0),
        Optimizer.sgd(0.9),
        Optimizer.lion(),
        Optimizer.muon(),
        Optimizer.scheduleFreeAdamW(),
        Optimizer.galore(4),
        Optimizer.apollo(4),
        Optimizer.apolloMini());
  }

  @ParameterizedTest
  @MethodSource("optimizers")
  void theStateTakesTheBytesThatAreTold(Optimizer optimizer) {
    List<Parameter> parameters =
        List.of(
            Parameter.of("large.weight", 65, 77),
            Parameter.of("small.weight", 8, 9),
            Parameter.of("norm.weight", 31));
    List<Trainable> trained = new ArrayList<>();
    long told = 0;
    for (Parameter parameter : parameters) {
      parameter.allocate(DType.F32);
      parameter.train();
      trained.addAll(parameter.trained());
      told += OptimizerStates.stateBytes(optimizer, parameter.sizes());
    }
    try (Scope scope = Scope.open();
        OptimizerState state = OptimizerStates.start(optimizer, trained, 0.01)) {
      long made =
          state.save().stream()
              .filter(tensorData -> !tensorData.name().startsWith("value."))
              .mapToLong(OptimizerMemoryTest::bytes)
              .sum();
      // AdamW's counters are not saved: the number of steps tells them.
      long counters = is32bit(optimizer) ? 4L * trained.size() : 0;
      assertThat(told).isEqualTo(made + counters);
    }
    parameters.forEach(Parameter::close);
    assertThat(Tensor.live()).isNotNegative();
  }

  private static boolean is32bit(Optimizer optimizer) {
    return optimizer instanceof Optimizer.AdamW
        || (optimizer instanceof Optimizer.Paged paged && is32bit(paged.optimizer()));
  }

  private static long bytes(io.adapt4j.core.internal.checkpoint.TensorData data) {
    return data.shape().stream().reduce(1L, Math::multiplyExact) * data.type().bytes();
  }
}
