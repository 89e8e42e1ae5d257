package io.adapt4j.core.internal.tensor.tape;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Parameters that have another one's values until one of them changes. */
class SharedParameterTest {

  private final Parameter source = Parameter.of("a", 2);
  private final Parameter first = Parameter.of("b", 2);
  private final Parameter second = Parameter.of("c", 2);

  private void allocate() {
    first.share(source);
    second.share(source);
    List.of(source, first, second).forEach(parameter -> parameter.allocate(DType.F32));
    set(source, 1, 2);
  }

  private static void set(Parameter parameter, float... values) {
    try (Tensor changed = Tensor.of(values, values.length)) {
      parameter.value().copyFrom(changed);
    }
  }

  private void close() {
    List.of(source, first, second).forEach(Parameter::close);
  }

  @Test
  void theyAreOneTensor() {
    long before = Tensor.live();
    allocate();
    assertThat(Tensor.live()).isEqualTo(before + 1);
    assertThat(first.isShared()).isTrue();
    assertThat(source.isShared()).isFalse();
    assertThat(first.value()).isSameAs(source.value());
    close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void aSeparateOneChangesAlone() {
    long before = Tensor.live();
    allocate();
    first.separate();
    set(first, 5, 6);
    assertThat(source.value().toFloats()).containsExactly(1, 2);
    assertThat(second.value()).isSameAs(source.value());
    close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void othersKeepTheValuesWhenTheSourceTrains() {
    long before = Tensor.live();
    allocate();
    source.train();
    set(source, 5, 6);
    assertThat(first.value().toFloats()).containsExactly(1, 2);
    assertThat(second.value().toFloats()).containsExactly(1, 2);
    assertThat(first.isShared()).isFalse();
    close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void oneThatIsAllocatedBeforeItsSourceHasMemoryOfItsOwn() {
    first.share(source);
    first.allocate(DType.F32);
    assertThat(first.isShared()).isFalse();
    first.close();
  }
}
