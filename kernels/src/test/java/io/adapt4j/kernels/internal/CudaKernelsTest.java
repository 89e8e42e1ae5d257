package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.cuda.Capability;
import io.adapt4j.kernels.internal.cuda.HostDevice;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The CUDA kernels as the rest of the module sees them, on a device that is the CPU. */
class CudaKernelsTest {

  @TempDir private static Path folder;
  private static HostDevice device;
  private static CudaKernels kernels;

  @BeforeAll
  static void compile() throws Exception {
    Optional<String> absence = HostDevice.absence();
    assumeTrue(absence.isEmpty(), () -> "CUDA kernels are not run on the CPU: " + absence.get());
    device = HostDevice.start(HostDevice.compile(folder), new Capability(8, 0));
    kernels = new CudaKernels(device);
  }

  @AfterAll
  static void stop() {
    if (device != null) {
      device.close();
    }
  }

  @Test
  void aPieceIsQuantizedInItsPlace() {
    ByteBuffer values = FourBitCases.stored(StoredType.F32, RandomWeights.normal(200, 1));
    ByteBuffer[] packed = {ByteBuffer.allocate(120), ByteBuffer.allocate(120)};
    float[][] absmax = {new float[7], new float[7]};
    FourBitKernels[] both = {kernels, JavaKernels.INSTANCE};
    for (int i = 0; i < 2; i++) {
      packed[i].position(10);
      boolean finite =
          both[i].quantize(FourBitCases.NF4, StoredType.F32, values, 199, packed[i], absmax[i], 2);
      assertThat(finite).isTrue();
    }
    assertThat(packed[0].position()).isEqualTo(packed[1].position()).isEqualTo(110);
    assertThat(packed[0].array()).isEqualTo(packed[1].array());
    assertThat(absmax[0]).isEqualTo(absmax[1]);
    assertThat(device.allocated()).isZero();
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "F16", "BF16"})
  void tensorsInHostMemoryAreRestoredAndMultipliedOverTheDevice(DType type) {
    QuantizedTensor tensor = RandomWeights.matrix(FourBitCases.NF4, 20, 64);
    long open = Tensor.live();
    try (FourBitMatrix matrix = kernels.matrix(tensor);
        FourBitMatrix reference = JavaKernels.INSTANCE.matrix(tensor);
        Tensor found = Tensor.empty(type, 20, 64);
        Tensor wanted = Tensor.empty(type, 20, 64)) {
      assertThat(matrix.rows()).isEqualTo(20);
      assertThat(matrix.columns()).isEqualTo(64);
      assertThat(matrix.bytes()).isEqualTo(device.allocated());
      matrix.dequantize(found);
      reference.dequantize(wanted);
      assertThat(found.data()).isEqualTo(wanted.data());
      if (type != DType.F16) {
        assertMultipliesAs(reference, matrix, type);
      }
    }
    assertThat(device.allocated()).isZero();
    assertThat(Tensor.live()).isEqualTo(open);
  }

  private static void assertMultipliesAs(
      FourBitMatrix reference, FourBitMatrix matrix, DType type) {
    try (Tensor plain = Tensor.of(RandomWeights.normal(3 * 64, 2), 3, 64);
        Tensor x = plain.copyAs(type);
        Tensor found = Tensor.zeros(type, 3, 25);
        Tensor wanted = Tensor.zeros(type, 3, 25)) {
      matrix.multiply(x, found, 4);
      reference.multiply(x, wanted, 4);
      float[] numbers = found.toFloats();
      float[] others = wanted.toFloats();
      float tolerance = type == DType.F32 ? 1e-4f : 0.15f; // weights are rounded to bf16, too
      for (int i = 0; i < numbers.length; i++) {
        assertThat(numbers[i]).isCloseTo(others[i], within(tolerance));
      }
      assertThat(numbers[3]).isZero();
      assertThat(numbers[24]).isZero();
    }
  }

  @Test
  void otherTypesAreRefused() {
    try (FourBitMatrix matrix = kernels.matrix(RandomWeights.matrix(FourBitCases.NF4, 2, 64));
        Tensor whole = Tensor.zeros(DType.I64, 2, 64);
        Tensor x = Tensor.zeros(DType.F32, 1, 64);
        Tensor y = Tensor.zeros(DType.BF16, 1, 2)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> matrix.dequantize(whole))
          .withMessage("type: expected one of [F32, F16, BF16], found I64");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> matrix.multiply(x, y, 0))
          .withMessage("type: expected one of [F32], found BF16");
    }
  }

  @Test
  void scalesOfScalesInBlocksOfAnOddSizeAreTakenAsFloats() {
    QuantizedTensor plain = RandomWeights.matrix(FourBitCases.NF4, 20, 64);
    NestedScales nested = (NestedScales) plain.scales();
    QuantizedTensor odd =
        new QuantizedTensor(
            plain.format(),
            plain.numbers(),
            plain.shape(),
            plain.packed(),
            new NestedScales(
                nested.codes(), nested.numbers(), new float[] {1, 2, 3}, 9, nested.offset()));
    new CudaKernelLaws(device).restores(odd);
  }

  @Test
  void aDeviceIsNotChosenForTensorsInHostMemory() {
    assertThatThrownBy(CudaKernels::openForTensors)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the engine's tensors are in host memory");
  }
}
