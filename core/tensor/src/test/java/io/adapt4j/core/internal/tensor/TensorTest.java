package io.adapt4j.core.internal.tensor;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.jna.Pointer;
import io.adapt4j.core.exception.EngineException;
import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.List;
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
    refuses(IllegalStateException.class, tensor::toFloats, "closed");
  }

  @Test
  void theDataEndsWithTheTensor() {
    Tensor tensor = Tensor.of(new float[] {1, 2, 3}, 3);
    ByteBuffer first = tensor.data();
    ByteBuffer second = tensor.data();
    assertThat(first.getFloat(4)).isEqualTo(2);
    tensor.close();
    for (ByteBuffer buffer : List.of(first, second)) {
      assertThat(buffer.hasRemaining()).isFalse();
      assertThatThrownBy(() -> buffer.getFloat(4)).isInstanceOf(IndexOutOfBoundsException.class);
      assertThatThrownBy(() -> buffer.putFloat(4)).isInstanceOf(BufferOverflowException.class);
    }
    refuses(IllegalStateException.class, tensor::data, "closed");
  }

  @Test
  void buffersThatNobodyHasAreNotKept() {
    try (Tensor tensor = Tensor.of(new float[] {1, 2, 3}, 3)) {
      for (int i = 0; i < 200_000; i++) {
        tensor.data();
      }
      assertThat(tensor.data().getFloat(0)).isEqualTo(1);
    }
  }

  @Test
  void aFailingOperatorThrowsItsReason() {
    try (Tensor a = Tensor.zeros(DType.F32, 2, 3);
        Tensor b = Tensor.zeros(DType.F32, 2, 3)) {
      refuses(EngineException.class, () -> a.times(b), "matmul", "2x3");
    }
  }

  @Test
  void bf16RoundsLikeTheFormat() {
    try (Tensor x = Tensor.of(new float[] {1f, 1.001f, 3.14159f}, 3);
        Tensor rounded = x.copyAs(DType.BF16)) {
      assertThat(rounded.toFloats()).containsExactly(1f, 1f, 3.140625f);
    }
  }

  @Test
  void anAddressIsThatOfTheFirstElement() {
    long before = Tensor.live();
    try (Tensor whole = Tensor.zeros(DType.BF16, 4, 3);
        Tensor rows = whole.narrow(0, 1, 2);
        Tensor columns = whole.narrow(1, 1, 2);
        Tensor none = Tensor.zeros(DType.F32, 0)) {
      assertThat(whole.isOnCuda()).isFalse();
      Pointer memory = new Pointer(whole.address());
      memory.setShort(0, (short) 0x3F80);
      assertThat(whole.toFloats()[0]).isEqualTo(1);
      assertThat(rows.address()).isEqualTo(whole.address() + 3L * DType.BF16.bytes());
      assertThat(none.address()).isZero();
      refuses(IllegalStateException.class, columns::address, "not contiguous");
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void aLayoutSaysWhereElementsOfAViewAre() {
    try (Tensor whole = Tensor.zeros(DType.BF16, 4, 3);
        Tensor columns = whole.narrow(1, 1, 2);
        Tensor turned = columns.transposed()) {
      long before = Tensor.live();
      assertThat(TensorLayout.of(columns).address()).isEqualTo(whole.address() + 2);
      assertThat(TensorLayout.of(columns).strides()).containsExactly(3, 1);
      assertThat(TensorLayout.of(turned).address()).isEqualTo(whole.address() + 2);
      assertThat(TensorLayout.of(turned).strides()).containsExactly(1, 3);
      assertThat(Tensor.live()).isEqualTo(before);
    }
  }

  @Test
  void withoutADeviceACopyToCudaSaysSo() {
    try (Tensor host = Tensor.zeros(DType.F32, 2)) {
      try (Tensor copy = host.copyToCuda(0)) {
        assertThat(copy.isOnCuda()).isTrue();
        assertThat(copy.toFloats()).containsExactly(0, 0);
        assertThatThrownBy(copy::data).hasMessageContaining("outside host memory");
      } catch (EngineException e) {
        assertThat(e).hasMessageContaining("copy_to").hasMessageContaining("CUDA");
      }
    }
  }
}
