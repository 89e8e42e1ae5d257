package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Products of 4-bit weights with rounded tokens, against the same arithmetic written plainly. */
class RoundedFourBitTest {

  @BeforeEach
  void needTheLibrary() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
  }

  static Stream<CpuVariant> variants() {
    return CpuKernelsTest.variants();
  }

  static Stream<Arguments> formatsAndVariants() {
    return FourBitCases.quantizations().stream()
        .flatMap(format -> variants().map(variant -> Arguments.of(format, variant)));
  }

  @ParameterizedTest
  @MethodSource("formatsAndVariants")
  void productsAreIntegerSumsOfBlocksTimesTheirScales(FourBitFormat format, CpuVariant variant) {
    for (int[] shape : new int[][] {{1, 64}, {37, 192}, {300, 1088}}) {
      QuantizedTensor weight = FourBitCases.random(shape[0], shape[1], format);
      int tokens = 11;
      float[] x = FourBitCases.normal(tokens * shape[1], 5);
      x[3] = 100;
      Arrays.fill(x, 32, 64, 0);
      float[] found = step(weight, variant, x, tokens);
      requireProducts(weight, x, tokens, found);
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void aTokenIsMultipliedToTheBitAsAloneHoweverManyOthersThereAre(CpuVariant variant) {
    QuantizedTensor weight = FourBitCases.random(50, 320, FourBitCases.NF4);
    float[] x = FourBitCases.normal(35 * 320, 6);
    float[] together = step(weight, variant, x, 35);
    for (int tokens = 1; tokens < 35; tokens++) {
      float[] found = step(weight, variant, Arrays.copyOf(x, tokens * 320), tokens);
      assertThat(found).isEqualTo(Arrays.copyOf(together, found.length));
    }
  }

  /** A token of a single entry reads a column of the weight. */
  @ParameterizedTest
  @MethodSource("formatsAndVariants")
  void weightsAreThoseOfTheirCodesWithinAHundredthOfTheirBlock(
      FourBitFormat format, CpuVariant variant) {
    QuantizedTensor weight = FourBitCases.random(33, 128, format);
    float[] x = new float[16 * 128];
    for (int t = 0; t < 16; t++) {
      x[t * 128 + 8 * t] = 1;
    }
    float[] columns = step(weight, variant, x, 16);
    for (int t = 0; t < 16; t++) {
      for (int row = 0; row < 33; row++) {
        int index = row * 128 + 8 * t;
        float scale = weight.scales().of(index / format.blockSize());
        assertThat(columns[t * 33 + row])
            .isCloseTo(weight.numbers()[code(weight, index)] * scale, within(0.0105f * scale));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void anEntryThatIsNotFiniteIsNotRoundedAway(CpuVariant variant) {
    QuantizedTensor weight = FourBitCases.random(20, 64, FourBitCases.NF4);
    for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] x = FourBitCases.normal(64, 7);
      x[40] = odd;
      for (float y : step(weight, variant, x, 1)) {
        assertThat(y).isNotFinite();
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void tokensAreRoundedWhereThatIsFasterAndKeepsTheNumbers(CpuVariant variant) {
    boolean hasBrainProducts = List.of(CpuVariant.AVX512BF16, CpuVariant.AMX).contains(variant);
    try (CpuMatrix nf4 = new CpuMatrix(variant, FourBitCases.random(4, 64, FourBitCases.NF4));
        CpuMatrix fp4 = new CpuMatrix(variant, FourBitCases.random(4, 64, FourBitCases.FP4))) {
      assertThat(nf4.takesRoundedTokens(DType.F32)).isTrue();
      assertThat(nf4.takesRoundedTokens(DType.BF16)).isNotEqualTo(hasBrainProducts);
      assertThat(fp4.takesRoundedTokens(DType.F32)).isFalse();
    }
  }

  /** [tokens, rows] */
  private static float[] step(QuantizedTensor weight, CpuVariant variant, float[] x, int tokens) {
    int rows = weight.rows();
    int columns = weight.columns();
    try (Scope scope = Scope.open();
        CpuMatrix matrix = new CpuMatrix(variant, weight);
        StepProgram program = new StepProgram(variant.number, 2, tokens, tokens)) {
      int from = program.buffer(columns);
      int to = program.buffer(rows);
      program.embed(from, Tensor.of(x, tokens, columns).address(), 0, 1, 0);
      program.fourBitProduct(from, to, 0, matrix.open(), 2, true, 0, 0, 1, false);
      int[] of = IntStream.range(0, 5 * tokens).map(i -> i < tokens ? i : 0).toArray();
      program.run(tokens, of, 0, new int[1], 0, new int[1], new float[1], new int[1]);
      FloatBuffer read =
          ByteBuffer.allocateDirect(rows * 4).order(ByteOrder.nativeOrder()).asFloatBuffer();
      float[] found = new float[tokens * rows];
      for (int t = 0; t < tokens; t++) {
        program.read(to, t, read);
        read.get(0, found, t * rows, rows);
      }
      return found;
    }
  }

  private static void requireProducts(
      QuantizedTensor weight, float[] x, int tokens, float[] found) {
    int rows = weight.rows();
    int columns = weight.columns();
    ByteNumbers numbers = ByteNumbers.of(weight.numbers());
    int[] weights = new int[rows * columns];
    Arrays.setAll(weights, i -> numbers.codes()[code(weight, i)]);
    int[] rounded = new int[tokens * columns];
    Arrays.setAll(
        rounded, i -> RoundedBlocks.code(x, i - i % RoundedBlocks.SIZE, i % RoundedBlocks.SIZE));
    float[] scales = new float[tokens * columns / RoundedBlocks.SIZE];
    for (int i = 0; i < scales.length; i++) {
      scales[i] = RoundedBlocks.scale(x, i * RoundedBlocks.SIZE);
    }
    for (int t = 0; t < tokens; t++) {
      for (int row = 0; row < rows; row++) {
        double sum = 0;
        double size = 0;
        for (int block = 0; block < columns; block += RoundedBlocks.SIZE) {
          int codes = 0;
          for (int i = 0; i < RoundedBlocks.SIZE; i++) {
            codes += weights[row * columns + block + i] * rounded[t * columns + block + i];
          }
          float scale = weight.scales().of((row * columns + block) / weight.format().blockSize());
          double term =
              (double) codes
                  * (scale * numbers.unit() * scales[(t * columns + block) / RoundedBlocks.SIZE]);
          sum += term;
          size += Math.abs(term);
        }
        assertThat(Math.abs(found[t * rows + row] - sum))
            .as("token %d, row %d", t, row)
            .isLessThanOrEqualTo(size * 1e-6);
      }
    }
  }

  private static int code(QuantizedTensor weight, int index) {
    int pair = weight.packed().get(index / 2) & 0xFF;
    return index % 2 == 0 ? pair >> 4 : pair & 0xF;
  }

  /** The 16 numbers in whole steps of a unit, which suits them best of those that are tried. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
  private record ByteNumbers(int[] codes, float unit) {

    static ByteNumbers of(float[] numbers) {
      float largest = 0;
      for (float number : numbers) {
        largest = Math.max(largest, Math.abs(number));
      }
      ByteNumbers best = null;
      double least = Double.POSITIVE_INFINITY;
      for (int steps = 48 * 64; steps <= 63 * 64; steps++) {
        float unit = largest * 64 / steps;
        int[] codes = new int[16];
        double error = 0;
        for (int i = 0; i < 16; i++) {
          codes[i] = (int) Math.rint(numbers[i] / unit);
          double off = codes[i] * (double) unit - numbers[i];
          error += off * off;
        }
        if (error < least) {
          least = error;
          best = new ByteNumbers(codes, unit);
        }
      }
      return best;
    }
  }
}
