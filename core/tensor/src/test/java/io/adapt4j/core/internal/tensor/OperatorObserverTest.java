package io.adapt4j.core.internal.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.EngineException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is told of the runs of operators. */
class OperatorObserverTest {

  private final Engine engine = Engine.on("cpu");
  private final List<String> ran = new ArrayList<>();

  @Test
  void everyRunIsToldInOrderWithItsTime() {
    try (Scope scope = Scope.open(engine)) {
      Tensor x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
      List<Long> times = new ArrayList<>();
      engine.observe(
          (operator, nanos) -> {
            ran.add(operator.name());
            times.add(nanos);
          });
      x.plus(x).times(x);
      assertThat(ran).containsExactly("add", "matmul");
      assertThat(times).allSatisfy(nanos -> assertThat(nanos).isPositive());
    }
  }

  @Test
  void nobodyIsToldAfterwards() {
    try (Scope scope = Scope.open(engine)) {
      Tensor x = Tensor.of(new float[] {1}, 1);
      engine.observe((operator, nanos) -> ran.add(operator.name()));
      assertThat(x.scaled(3).item()).isEqualTo(3);
      engine.observe(null);
      x.plus(x);
      assertThat(ran).containsExactly("scaled", "item");
    }
  }

  @Test
  void anotherEngineIsNotObserved() {
    engine.observe((operator, nanos) -> ran.add(operator.name()));
    try (Scope scope = Scope.open(Engine.on("cpu"))) {
      Tensor x = Tensor.of(new float[] {1}, 1);
      x.plus(x);
    }
    assertThat(ran).isEmpty();
  }

  @Test
  void aRunThatFailsIsNotTold() {
    try (Scope scope = Scope.open(engine)) {
      Tensor x = Tensor.of(new float[] {1, 2}, 1, 2);
      engine.observe((operator, nanos) -> ran.add(operator.name()));
      assertThatThrownBy(() -> x.times(x)).isInstanceOf(EngineException.class);
      assertThat(ran).isEmpty();
    }
  }
}
