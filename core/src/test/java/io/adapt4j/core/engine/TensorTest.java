package io.adapt4j.core.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class TensorTest {

  @ParameterizedTest
  @EnumSource(DType.class)
  void everyTypeCanBeMadeReadBackAndClosed(DType type) {
    try (Tensor tensor = Tensor.zeros(type, 2, 3)) {
      assertThat(tensor.type()).isEqualTo(type);
      assertThat(tensor.sizes()).containsExactly(2, 3);
      assertThat(tensor.data().remaining()).isEqualTo(6 * type.bytes());
      assertThat(tensor.toFloats()).containsOnly(0f);
    }
  }

  @Test
  void aScopeClosesWhatWasMadeInsideAndKeepsWhatIsMovedOn() {
    long before = Tensor.live();
    Tensor kept;
    try (Scope outer = Scope.open()) {
      Tensor middle;
      try (Scope inner = Scope.open()) {
        Tensor lost = Tensor.zeros(DType.F32, 1);
        middle = inner.keep(Tensor.zeros(DType.F32, 1));
        inner.close();
        assertThat(lost.isClosed()).isTrue();
      }
      assertThat(middle.isClosed()).isFalse();
      kept = Tensor.zeros(DType.F32, 1).own();
    }
    assertThat(Tensor.live()).isEqualTo(before + 1);
    kept.close();
    kept.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void useAfterCloseIsRefused() {
    Tensor tensor = Tensor.zeros(DType.BF16, 1);
    tensor.close();
    assertThatThrownBy(tensor::toFloats)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void aFailingOperatorThrowsItsReason() {
    try (Tensor a = Tensor.zeros(DType.F32, 2, 3);
        Tensor b = Tensor.zeros(DType.F32, 2, 3)) {
      assertThatThrownBy(() -> LibTorch.tensor("matmul", false, a, b))
          .isInstanceOf(EngineException.class)
          .hasMessageContaining("matmul")
          .hasMessageContaining("2x3");
    }
  }

  @Test
  void bf16RoundsLikeTheFormat() {
    try (Tensor x = Tensor.of(new float[] {1f, 1.001f, 3.14159f}, 3);
        Tensor rounded = x.copyAs(DType.BF16)) {
      assertThat(rounded.toFloats()).containsExactly(1f, 1f, 3.140625f);
    }
  }
}
