package io.adapt4j.core.internal.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What is pinned and waited for on a GPU, where there is none. */
class PinnedMemoryTest {

  @Test
  void onACpuZerosAreThoseOfTheHost() {
    try (Tensor zeros = PinnedMemory.zeros(DType.U8, 2, 3)) {
      assertThat(zeros.isOnHost()).isTrue();
      assertThat(zeros.type()).isEqualTo(DType.U8);
      assertThat(zeros.sizes()).containsExactly(2, 3);
    }
  }

  @Test
  void copiesGoFromSourcesToTargets() {
    try (Tensor source = Tensor.of(new float[] {1, 2}, 2);
        Tensor target = Tensor.of(new float[] {3, 4}, 2)) {
      PinnedMemory.copyBack(List.of(target), List.of(source));
      assertThat(target.toFloats()).containsExactly(1, 2);
      assertThat(source.toFloats()).containsExactly(1, 2);
    }
  }

  /** The operator that waits reads a number of any type and shape. */
  @Test
  void waitingReadsOneNumber() {
    try (Tensor matrix = Tensor.of(new float[] {0.5f, 2, 3, 4}, 2, 2);
        Tensor rounded = matrix.copyAs(DType.BF16)) {
      for (Tensor tensor : List.of(matrix, rounded)) {
        assertThatCode(() -> Operator.core("settle").run(tensor)).doesNotThrowAnyException();
        PinnedMemory.settle(tensor);
      }
    }
  }
}
