package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.cuda.Capability;
import io.adapt4j.kernels.internal.cuda.CudaException;
import io.adapt4j.kernels.internal.cuda.DeviceBuffer;
import io.adapt4j.kernels.internal.cuda.DeviceWeight;
import io.adapt4j.kernels.internal.cuda.HostDevice;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The CUDA kernels, run on the CPU, against the reference in Java and sums in double. */
class CudaKernelLawsTest {

  @TempDir private static Path folder;

  private static Path program;
  private static HostDevice ampere;
  private static HostDevice turing;

  @BeforeAll
  static void compile() throws Exception {
    Optional<String> absence = HostDevice.absence();
    assumeTrue(absence.isEmpty(), () -> "CUDA kernels are not run on the CPU: " + absence.get());
    program = HostDevice.compile(folder);
    ampere = HostDevice.start(program, new Capability(8, 0));
    turing = HostDevice.start(program, new Capability(7, 5));
  }

  @AfterAll
  static void stop() {
    if (ampere != null) {
      ampere.close();
      turing.close();
    }
  }

  @AfterEach
  void nothingStaysAllocated() {
    assertThat(ampere.allocated()).isZero();
    assertThat(turing.allocated()).isZero();
  }

  static Stream<FourBitFormat> quantizations() {
    return Stream.of(64, 128, 256, 512, 1024, 2048, 4096)
        .flatMap(
            block ->
                Stream.of(FourBitCode.values())
                    .flatMap(
                        type ->
                            Stream.of(true, false)
                                .map(nested -> new FourBitFormat(type, block, nested))));
  }

  @ParameterizedTest
  @MethodSource("quantizations")
  void restoredWeightsAreBitEqualToTheReference(FourBitFormat format) {
    for (int[] shape : new int[][] {{1, 1}, {1, 7}, {3, 5}, {33, 50}, {64, 64}, {7, 4099}}) {
      new CudaKernelLaws(ampere).restores(RandomWeights.matrix(format, shape[0], shape[1]));
    }
  }

  @Test
  void restoringToAnUnalignedAddressTouchesNothingElse() {
    QuantizedTensor tensor = RandomWeights.matrix(FourBitCases.NF4, 9, 33);
    byte[] wanted = CudaKernelLaws.rounded(tensor, DType.BF16);
    try (DeviceWeight weight = CudaMatrix.upload(ampere, tensor);
        DeviceBuffer target = new DeviceBuffer(ampere, wanted.length + 14)) {
      byte[] before = new CudaKernelLaws(ampere).download(target.address(), wanted.length + 14);
      weight.dequantize(DType.BF16, target.address() + 2);
      System.arraycopy(wanted, 0, before, 2, wanted.length);
      assertThat(new CudaKernelLaws(ampere).download(target.address(), wanted.length + 14))
          .isEqualTo(before);
    }
  }

  @ParameterizedTest
  @MethodSource("quantizations")
  void codesAndScalesAreBitEqualToTheReference(FourBitFormat format) {
    for (int count : new int[] {1, 63, 64, 65, 1000}) {
      new CudaKernelLaws(ampere).quantizes(format, RandomWeights.normal(count, count), DType.F32);
      new CudaKernelLaws(ampere).quantizes(format, RandomWeights.normal(count, 2), DType.BF16);
      new CudaKernelLaws(turing).quantizes(format, RandomWeights.normal(count, 3), DType.F16);
    }
    float[] values = RandomWeights.normal(9001, 1);
    Arrays.fill(values, 0, 4096, 0); // blocks of zeros
    Arrays.fill(values, 8192, 9001, 1e-41f); // whose reciprocal overflows
    values[9000] = -1e-40f;
    new CudaKernelLaws(ampere).quantizes(format, values, DType.F32);
  }

  @ParameterizedTest
  @EnumSource(FourBitCode.class)
  void tiesAndBordersGoWhereTheReferencePutsThem(FourBitCode type) {
    float[] numbers = type.numbers();
    float[] values = new float[64 * 16];
    for (int i = 0; i < 16; i++) {
      values[64 * i] = 1;
      for (int j = 0; j < 16; j++) {
        float middle = (numbers[i] + numbers[j]) / 2;
        values[64 * i + 1 + j] = middle;
        values[64 * i + 17 + j] = Math.nextUp(middle);
        values[64 * i + 33 + j] = Math.nextDown(middle);
      }
      values[64 * i + 49] = -0f;
    }
    new CudaKernelLaws(ampere).quantizes(new FourBitFormat(type, 64, false), values, DType.F32);
  }

  /** Every kernel for products: few and plain, narrow and wide, whole tiles and ragged ones. */
  @ParameterizedTest
  @CsvSource({
    // rows, columns, n, multiply_
    "1, 1, 1, few",
    "5, 33, 3, few",
    "17, 40, 8, few",
    "70, 31, 9, plain",
    "65, 77, 70, plain",
    "16, 32, 1, 8",
    "40, 1056, 1, 8",
    "33, 160, 5, 8",
    "17, 2112, 8, 8",
    "20, 96, 9, 16",
    "16, 1184, 16, 16",
    "1, 64, 17, 32",
    "130, 192, 33, 32",
    "128, 64, 64, 32",
    "136, 128, 65, 128",
    "129, 320, 130, 128"
  })
  void productsOfBf16AreThoseOfTheRestoredWeight(int rows, int columns, int n, String kernel) {
    for (FourBitFormat format :
        List.of(
            FourBitCases.NF4,
            new FourBitFormat(FourBitCode.FP4, 128, false),
            new FourBitFormat(FourBitCode.NF4, 4096, true))) {
      QuantizedTensor tensor = RandomWeights.matrix(format, rows, columns);
      boolean tensorCores = Character.isDigit(kernel.charAt(0));
      new CudaKernelLaws(ampere)
          .multiplies(tensor, DType.BF16, n, tensorCores ? DType.BF16 : DType.F32);
      assertThat(ampere.lastFunction()).isEqualTo("multiply_" + kernel + "_bf16");
    }
  }

  @ParameterizedTest
  @CsvSource({"16, 64, 1", "9, 130, 4", "65, 128, 20"})
  void otherTypesAndOlderDevicesTakeThePlainKernels(int rows, int columns, int n) {
    String plain = n <= 8 ? "multiply_few_" : "multiply_plain_";
    for (FourBitCode format : FourBitCode.values()) {
      QuantizedTensor tensor =
          RandomWeights.matrix(new FourBitFormat(format, 64, true), rows, columns);
      new CudaKernelLaws(ampere).multiplies(tensor, DType.F32, n, DType.F32);
      assertThat(ampere.lastFunction()).isEqualTo(plain + "f32");
      new CudaKernelLaws(turing).multiplies(tensor, DType.F16, n, DType.F32);
      assertThat(turing.lastFunction()).isEqualTo(plain + "f16");
      new CudaKernelLaws(turing).multiplies(tensor, DType.BF16, n, DType.F32);
      assertThat(turing.lastFunction()).isEqualTo(plain + "bf16");
    }
  }

  /** What the GPU kit and {@link CudaGpuTest} check, before a GPU sees it. */
  @ParameterizedTest
  @CsvSource({"8, 0", "7, 5"})
  void theChecksForAGpuHoldOnTheCpuToo(int major, int minor) {
    Capability capability = new Capability(major, minor);
    HostDevice device = major == 8 ? ampere : turing;
    for (CudaCheck check : CudaCheck.all(capability)) {
      check.law().accept(new CudaKernelLaws(device));
    }
    for (CudaCheck check : CudaCheck.few(capability)) {
      check.law().accept(new CudaKernelLaws(device));
    }
  }

  @Test
  void theReferenceRoundsAsLibtorchDoes() {
    float[] values = RandomWeights.normal(1000, 1);
    for (DType type : List.of(DType.F16, DType.BF16)) {
      try (Tensor plain = Tensor.of(values, values.length);
          Tensor rounded = plain.copyAs(type)) {
        byte[] expected = new byte[2 * values.length];
        rounded.data().get(expected);
        assertThat(CudaKernelLaws.bytes(values, type)).isEqualTo(expected);
      }
    }
  }

  /** What threads find must not depend on which of them came first. */
  @ParameterizedTest
  @CsvSource({"33, 160, 5", "20, 96, 12", "130, 192, 33", "136, 128, 65", "65, 77, 70"})
  void theOrderOfThreadsDoesNotShow(int rows, int columns, int n) {
    QuantizedTensor tensor = RandomWeights.matrix(FourBitCases.NF4, rows, columns);
    byte[] forwards = new CudaKernelLaws(ampere).product(tensor, DType.BF16, n);
    ampere.backwards(true);
    try {
      assertThat(new CudaKernelLaws(ampere).product(tensor, DType.BF16, n)).isEqualTo(forwards);
    } finally {
      ampere.backwards(false);
    }
  }

  @Test
  void fewRowsAreMultipliedWithoutRestoring() {
    QuantizedTensor tensor = RandomWeights.matrix(FourBitCases.NF4, 16, 64);
    try (DeviceWeight weight = CudaMatrix.upload(ampere, tensor)) {
      assertThat(weight.multipliesFaster(DType.BF16, 16)).isTrue();
      assertThat(weight.multipliesFaster(DType.BF16, 17)).isFalse();
      assertThat(weight.multipliesFaster(DType.F32, 8)).isTrue();
      assertThat(weight.multipliesFaster(DType.F32, 9)).isFalse();
    }
  }

  @Test
  void theHostSeesAKernelThatRunsOverItsBuffer() throws Exception {
    try (HostDevice device = HostDevice.start(program, new Capability(8, 0))) {
      QuantizedTensor tensor = RandomWeights.matrix(FourBitCases.NF4, 16, 64);
      DeviceWeight weight = CudaMatrix.upload(device, tensor);
      DeviceBuffer tooSmall = new DeviceBuffer(device, 16);
      assertThatThrownBy(() -> weight.dequantize(DType.F32, tooSmall.address()))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("dequantize_f32 touched memory outside its buffers");
    }
  }
}
