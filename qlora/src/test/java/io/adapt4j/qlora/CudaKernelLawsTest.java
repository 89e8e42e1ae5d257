package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.checkpoint.StoredType;
import io.adapt4j.core.engine.DType;
import io.adapt4j.core.engine.Tensor;
import io.adapt4j.qlora.internal.cuda.Capability;
import io.adapt4j.qlora.internal.cuda.CudaException;
import io.adapt4j.qlora.internal.cuda.DeviceBuffer;
import io.adapt4j.qlora.internal.cuda.DeviceQuantiser;
import io.adapt4j.qlora.internal.cuda.DeviceWeight;
import io.adapt4j.qlora.internal.cuda.HostDevice;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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

  private static final List<Integer> BLOCKS = List.of(64, 128, 256, 512, 1024, 2048, 4096);

  @TempDir private static Path folder;

  private static HostDevice ampere;
  private static HostDevice turing;

  @BeforeAll
  static void compile() throws Exception {
    Optional<String> absence = HostDevice.absence();
    assumeTrue(absence.isEmpty(), () -> "CUDA kernels are not run on the CPU: " + absence.get());
    Path program = HostDevice.compile(folder);
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

  static Stream<Quantization> quantizations() {
    return BLOCKS.stream()
        .flatMap(
            block ->
                Stream.of(QuantType.values())
                    .flatMap(
                        type ->
                            Stream.of(true, false)
                                .map(nested -> new Quantization(type, block, nested))));
  }

  @ParameterizedTest
  @MethodSource("quantizations")
  void restoredWeightsAreBitEqualToTheReference(Quantization quantization) {
    for (int[] shape : new int[][] {{1, 1}, {1, 7}, {3, 5}, {33, 50}, {64, 64}, {7, 4099}}) {
      QuantisedTensor tensor = FourBitCases.matrix(quantization, shape[0], shape[1]);
      for (DType type : List.of(DType.F32, DType.F16, DType.BF16)) {
        assertThat(Arrays.mismatch(restored(tensor, type), rounded(tensor, type)))
            .as("first other byte of %s x %s in %s", shape[0], shape[1], type)
            .isEqualTo(-1);
      }
    }
  }

  @Test
  void restoringToAnUnalignedAddressTouchesNothingElse() {
    QuantisedTensor tensor = FourBitCases.matrix(Quantization.nf4(), 9, 33);
    byte[] wanted = rounded(tensor, DType.BF16);
    try (DeviceWeight weight = CudaMatrix.upload(ampere, tensor);
        DeviceBuffer target = new DeviceBuffer(ampere, wanted.length + 2)) {
      weight.dequantise(DType.BF16, target.address() + 2);
      byte[] all = download(ampere, target.address(), wanted.length + 2);
      assertThat(Arrays.copyOfRange(all, 2, all.length)).isEqualTo(wanted);
    }
  }

  @ParameterizedTest
  @MethodSource("quantizations")
  void codesAndScalesAreBitEqualToTheReference(Quantization quantization) {
    for (int count : new int[] {1, 63, 64, 65, 1000, 9001}) {
      float[] values = FourBitCases.normal(count, count);
      if (count == 9001) {
        Arrays.fill(values, 0, 4096, 0); // a block of zeros
        values[5000] = 1e-41f; // a reciprocal that overflows
        Arrays.fill(values, 8192, 9001, 1e-41f);
      }
      assertQuantisedAsByTheReference(quantization, values);
    }
  }

  @ParameterizedTest
  @EnumSource(QuantType.class)
  void tiesAndBordersGoWhereTheReferencePutsThem(QuantType type) {
    float[] numbers = type.numbers();
    float[] values = new float[64 * 16];
    for (int i = 0; i < 16; i++) {
      values[64 * i] = 1;
      for (int j = 0; j < 16; j++) {
        float middle = (numbers[i] + numbers[j]) / 2;
        values[64 * i + 1 + j] = middle;
        values[64 * i + 17 + j] = Math.nextUp(middle);
        values[64 * i + 33 + j % 15] = Math.nextDown(middle);
      }
      values[64 * i + 49] = -0f;
    }
    assertQuantisedAsByTheReference(new Quantization(type, 64, false), values);
  }

  private static void assertQuantisedAsByTheReference(Quantization quantization, float[] values) {
    int count = values.length;
    int bytes = (int) QuantisedTensor.packedBytes(count);
    int blocks = (int) quantization.blocks(count);
    ByteBuffer wanted = ByteBuffer.allocate(bytes);
    float[] wantedScales = new float[blocks];
    JavaKernels.INSTANCE.quantise(quantization, values, count, wanted, wantedScales, 0);
    try (DeviceBuffer input = uploaded(ampere, values, DType.F32);
        DeviceBuffer packed = new DeviceBuffer(ampere, bytes);
        DeviceBuffer absmax = new DeviceBuffer(ampere, (long) blocks * Float.BYTES)) {
      DeviceQuantiser.quantise(
          ampere,
          DType.F32,
          input.address(),
          count,
          quantization.blockSize(),
          quantization.type().numbers(),
          quantization.type() == QuantType.FP4,
          packed.address(),
          absmax.address());
      assertThat(download(ampere, packed.address(), bytes)).isEqualTo(wanted.array());
      assertThat(floats(download(ampere, absmax.address(), 4 * blocks), DType.F32))
          .isEqualTo(wantedScales);
    }
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
    for (Quantization quantization :
        List.of(
            Quantization.nf4(),
            new Quantization(QuantType.FP4, 128, false),
            new Quantization(QuantType.NF4, 4096, true))) {
      QuantisedTensor tensor = FourBitCases.matrix(quantization, rows, columns);
      boolean tensorCores = Character.isDigit(kernel.charAt(0));
      assertProduct(ampere, tensor, DType.BF16, n, tensorCores ? DType.BF16 : DType.F32);
      assertThat(ampere.lastFunction()).isEqualTo("multiply_" + kernel + "_bf16");
    }
  }

  @ParameterizedTest
  @CsvSource({"16, 64, 1", "9, 130, 4", "65, 128, 20"})
  void otherTypesAndOlderDevicesTakeThePlainKernels(int rows, int columns, int n) {
    for (QuantType format : QuantType.values()) {
      QuantisedTensor tensor =
          FourBitCases.matrix(new Quantization(format, 64, true), rows, columns);
      String plain = n <= 8 ? "multiply_few_" : "multiply_plain_";
      assertProduct(ampere, tensor, DType.F32, n, DType.F32);
      assertThat(ampere.lastFunction()).isEqualTo(plain + "f32");
      assertProduct(turing, tensor, DType.F16, n, DType.F32);
      assertThat(turing.lastFunction()).isEqualTo(plain + "f16");
      assertProduct(turing, tensor, DType.BF16, n, DType.F32);
      assertThat(turing.lastFunction()).isEqualTo(plain + "bf16");
    }
  }

  /** What threads find must not depend on which of them came first. */
  @ParameterizedTest
  @CsvSource({"33, 160, 5", "20, 96, 12", "130, 192, 33", "136, 128, 65", "65, 77, 70"})
  void theOrderOfThreadsDoesNotShow(int rows, int columns, int n) {
    QuantisedTensor tensor = FourBitCases.matrix(Quantization.nf4(), rows, columns);
    byte[] forwards = product(ampere, tensor, DType.BF16, n);
    ampere.backwards(true);
    try {
      assertThat(product(ampere, tensor, DType.BF16, n)).isEqualTo(forwards);
    } finally {
      ampere.backwards(false);
    }
  }

  @Test
  void fewRowsAreMultipliedWithoutRestoring() {
    QuantisedTensor tensor = FourBitCases.matrix(Quantization.nf4(), 16, 64);
    try (DeviceWeight weight = CudaMatrix.upload(ampere, tensor)) {
      assertThat(weight.multipliesFaster(DType.BF16, 16)).isTrue();
      assertThat(weight.multipliesFaster(DType.BF16, 17)).isFalse();
      assertThat(weight.multipliesFaster(DType.F32, 8)).isTrue();
      assertThat(weight.multipliesFaster(DType.F32, 9)).isFalse();
    }
  }

  @Test
  void theHostSeesAKernelThatRunsOverItsBuffer() throws Exception {
    try (HostDevice device =
        HostDevice.start(folder.resolve("host_device"), new Capability(8, 0))) {
      QuantisedTensor tensor = FourBitCases.matrix(Quantization.nf4(), 16, 64);
      DeviceWeight weight = CudaMatrix.upload(device, tensor);
      DeviceBuffer tooSmall = new DeviceBuffer(device, 16);
      assertThatThrownBy(() -> weight.dequantise(DType.F32, tooSmall.address()))
          .isInstanceOf(CudaException.class)
          .hasMessageContaining("dequantise_f32 touched memory outside its buffers");
    }
  }

  private static void assertProduct(
      HostDevice device, QuantisedTensor tensor, DType type, int n, DType weights) {
    int rows = tensor.rows();
    int columns = tensor.columns();
    float[] x = floats(bytes(FourBitCases.normal(n * columns, n), type), type);
    float[] w = floats(rounded(tensor, weights), weights);
    float[] y = floats(product(device, tensor, type, n), type);
    int stride = rows + 3;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < stride; j++) {
        if (j < 2 || j == stride - 1) {
          assertThat(y[i * stride + j]).as("a column of others").isEqualTo(7);
          continue;
        }
        double sum = 0;
        double size = 0;
        for (int k = 0; k < columns; k++) {
          double term = (double) x[i * columns + k] * w[(j - 2) * columns + k];
          sum += term;
          size += Math.abs(term);
        }
        double ulp = type == DType.BF16 ? 0x1p-8 : type == DType.F16 ? 0x1p-11 : 0x1p-24;
        assertThat((double) y[i * stride + j])
            .as("[%s, %s]", i, j)
            .isCloseTo(sum, within(Math.abs(sum) * ulp + size * 0x1p-20 + 1e-7));
      }
    }
  }

  /** The product into columns 2 to 2 + rows of a matrix of sevens. */
  private static byte[] product(HostDevice device, QuantisedTensor tensor, DType type, int n) {
    int stride = tensor.rows() + 3;
    float[] sevens = new float[n * stride];
    Arrays.fill(sevens, 7);
    try (DeviceWeight weight = CudaMatrix.upload(device, tensor);
        DeviceBuffer x = uploaded(device, FourBitCases.normal(n * tensor.columns(), n), type);
        DeviceBuffer y = uploaded(device, sevens, type)) {
      weight.multiply(type, x.address(), n, y.address(), 2, stride);
      return download(device, y.address(), sevens.length * type.bytes());
    }
  }

  private static byte[] restored(QuantisedTensor tensor, DType type) {
    int bytes = (int) tensor.elements() * type.bytes();
    try (DeviceWeight weight = CudaMatrix.upload(ampere, tensor);
        DeviceBuffer target = new DeviceBuffer(ampere, bytes)) {
      weight.dequantise(type, target.address());
      return download(ampere, target.address(), bytes);
    }
  }

  /** The reference's weights in a type. */
  private static byte[] rounded(QuantisedTensor tensor, DType type) {
    float[] values = new float[(int) tensor.elements()];
    JavaKernels.INSTANCE.dequantise(tensor, 0, values, values.length);
    return bytes(values, type);
  }

  private static DeviceBuffer uploaded(HostDevice device, float[] values, DType type) {
    ByteBuffer content = ByteBuffer.wrap(bytes(values, type));
    DeviceBuffer buffer = new DeviceBuffer(device, content.remaining());
    device.upload(content, buffer.address());
    return buffer;
  }

  private static byte[] download(HostDevice device, long address, int bytes) {
    ByteBuffer content = ByteBuffer.allocate(bytes);
    device.download(address, content);
    return content.array();
  }

  /** libtorch's own rounding. */
  private static byte[] bytes(float[] values, DType type) {
    try (Tensor plain = Tensor.of(values, values.length);
        Tensor other = plain.copyAs(type)) {
      byte[] content = new byte[values.length * type.bytes()];
      other.data().get(content);
      return content;
    }
  }

  private static float[] floats(byte[] content, DType type) {
    ByteBuffer buffer = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
    float[] values = new float[content.length / type.bytes()];
    StoredFloats.decode(StoredType.valueOf(type.name()), buffer, values, values.length);
    return values;
  }
}
