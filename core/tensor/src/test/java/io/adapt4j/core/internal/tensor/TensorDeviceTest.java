package io.adapt4j.core.internal.tensor;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.EngineException;
import org.junit.jupiter.api.Test;

/** Where tensors live, and how data gets there. */
class TensorDeviceTest {

  @Test
  void tensorsLiveInHostMemoryUnlessTheyAreToldOtherwise() {
    assertThat(Engine.current().device()).isEqualTo("cpu");
    try (Tensor tensor = Tensor.of(new float[] {1, 2}, 2)) {
      assertThat(tensor.isOnHost()).isTrue();
      assertThat(tensor.toHost()).isSameAs(tensor);
    }
  }

  @Test
  void anUnknownDeviceIsRefusedWithTheKnownOnes() {
    assertThatThrownBy(() -> Engine.on("gpu"))
        .isInstanceOf(EngineException.class)
        .hasMessage("adapt4j.device: expected cpu or cuda, found 'gpu'");
  }

  @Test
  void withoutCudaTheErrorSaysWhatIsMissingAndTheRemedy() {
    long before = Tensor.live();
    try {
      assertThat(Engine.on("cuda").device()).isEqualTo("cuda:0");
    } catch (EngineException e) {
      assertThat(e)
          .hasMessageStartingWith("adapt4j.device=cuda: ")
          .message()
          .containsAnyOf("built without CUDA", "finds no device")
          .hasLineCount(1);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void aLibtorchWithoutCudaAndAMachineWithoutADeviceAreToldApart() {
    EngineException notBuilt =
        TensorDevice.absent(
            new EngineException(
                "Operator empty_on failed: Could not run 'aten::empty.memory_format' with"
                    + " arguments from the 'CUDA' backend.\nCPU: registered"));
    EngineException noDevice =
        TensorDevice.absent(
            new EngineException(
                "Operator empty_on failed: No CUDA GPUs are available\nsomewhere in C++"));
    assertThat(notBuilt)
        .hasMessage(
            "adapt4j.device=cuda: this libtorch is built without CUDA. Put DJL's CUDA native"
                + " (pytorch-native-cu...) on the class path in place of pytorch-native-cpu; or"
                + " leave the property out to compute on the CPU");
    assertThat(noDevice)
        .hasMessage(
            "adapt4j.device=cuda: libtorch has CUDA but finds no device it can use (Operator"
                + " empty_on failed: No CUDA GPUs are available). See that nvidia-smi lists one and"
                + " that CUDA_VISIBLE_DEVICES does not hide it; or leave the property out to"
                + " compute on the CPU");
  }

  @Test
  void aTensorOutsideHostMemoryIsFilledThroughTheHostAndHasNoBuffer() {
    try (Tensor host = Tensor.of(new float[] {1, 2, 3}, 3);
        Tensor twin = host.copyBeside(host)) {
      assertThat(twin.address()).isNotEqualTo(host.address());
      twin.fill(memory -> memory.asFloatBuffer().put(new float[] {4, 5, 6}));
      assertThat(twin.toFloats()).containsExactly(4, 5, 6);
      assertThat(host.toFloats()).containsExactly(1, 2, 3);
    }
    try (Scope scope = Scope.open(MetaDevice.engine())) {
      Tensor elsewhere = Tensor.empty(DType.F32, 2);
      assertThat(elsewhere.isOnHost()).isFalse();
      refuses(IllegalStateException.class, elsewhere::data, "copy it to the host first");
      int[] offered = new int[1];
      elsewhere.fill(memory -> offered[0] = memory.remaining());
      assertThat(offered).containsExactly(2 * Float.BYTES);
    }
  }
}
