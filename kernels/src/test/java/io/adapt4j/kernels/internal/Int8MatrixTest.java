package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class Int8MatrixTest {

  @BeforeEach
  void needTheLibrary() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
  }

  @Test
  void aWeightIsRestoredToHalfAStepOfItsBlock() {
    try (Scope scope = Scope.open()) {
      int rows = 19;
      int columns = 70;
      float[] values = numbers(rows * columns);
      Tensor target = Tensor.empty(DType.F32, rows, columns);
      try (Int8Matrix matrix = Int8Matrix.of(Tensor.of(values, rows, columns))) {
        matrix.dequantize(target);
        assertThat(matrix.bytes()).isEqualTo(2L * 3 * 544);
      }
      float[] found = target.toFloats();
      for (int row = 0; row < rows; row++) {
        for (int block = 0; block < columns; block += 32) {
          int from = row * columns + block;
          int to = row * columns + Math.min(block + 32, columns);
          double most = 0;
          for (int i = from; i < to; i++) {
            most = Math.max(most, Math.abs(values[i]));
          }
          // Half a step, and the rounding of the scale to 11 bits times up to 127 steps.
          double allowed = most / 127 * (0.5 + 127.0 / 2048);
          for (int i = from; i < to; i++) {
            assertThat(Math.abs(found[i] - values[i])).isLessThanOrEqualTo((float) allowed);
          }
        }
      }
    }
  }

  /** Whole blocks and the short ones at the ends of rows are rounded by other code. */
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "BF16"})
  void aWeightIsRoundedAsQ8_0Rounds(DType type) {
    int rows = 19;
    int columns = 70;
    float[] values = numbers(rows * columns);
    // Halves of a step: away from 0. Below one: to nearest.
    float[] steps = {127, 0.5f, -0.5f, 1.5f, -2.5f, 0.49999997f, -126.5f, 126.5f};
    System.arraycopy(steps, 0, values, 0, steps.length);
    Arrays.fill(values, columns, columns + 32, 0);
    try (Scope scope = Scope.open()) {
      Tensor weight = Tensor.of(values, rows, columns).copyAs(type);
      float[] stored = weight.toFloats();
      Tensor target = Tensor.empty(DType.F32, rows, columns);
      try (Int8Matrix matrix = Int8Matrix.of(weight)) {
        matrix.dequantize(target);
      }
      float[] wanted = new float[rows * columns];
      for (int row = 0; row < rows; row++) {
        for (int block = 0; block < columns; block += 32) {
          int to = row * columns + Math.min(block + 32, columns);
          roundToSteps(stored, row * columns + block, to, wanted);
        }
      }
      assertThat(target.toFloats()).isEqualTo(wanted);
    }
  }

  private static void roundToSteps(float[] values, int from, int to, float[] target) {
    float most = 0;
    for (int i = from; i < to; i++) {
      most = Math.max(most, Math.abs(values[i]));
    }
    float scale = most / 127;
    float inverse = scale == 0 ? 0 : 1 / scale;
    float half;
    try (Tensor exact = Tensor.of(new float[] {scale}, 1);
        Tensor rounded = exact.copyAs(DType.F16)) {
      half = rounded.toFloats()[0];
    }
    for (int i = from; i < to; i++) {
      double code = values[i] * inverse;
      int whole = (int) Math.floor(Math.abs(code) + 0.5);
      target[i] = half * (code < 0 ? -whole : whole);
    }
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F16", "BF16"})
  void halfTypesGetTheNumbersInFp32RoundedOnce(DType type) {
    try (Scope scope = Scope.open();
        Int8Matrix matrix = Int8Matrix.of(Tensor.of(numbers(19 * 70), 19, 70))) {
      Tensor exact = Tensor.empty(DType.F32, 19, 70);
      Tensor target = Tensor.empty(type, 19, 70);
      matrix.dequantize(exact);
      matrix.dequantize(target);
      assertThat(target.toFloats()).isEqualTo(exact.copyAs(type).toFloats());
      assertThat(target.toFloats()).isNotEqualTo(exact.toFloats());
    }
  }

  @Test
  void piecesAreWholeTilesOrTheLast() {
    ByteBuffer values = ByteBuffer.allocateDirect(19 * 70 * Float.BYTES);
    try (Int8Matrix matrix = Int8Matrix.empty(19, 70)) {
      assertThat(matrix.quantize(0, 16, StoredType.F32, values)).isTrue();
      assertThat(matrix.quantize(16, 3, StoredType.F32, values)).isTrue();
      for (int[] rows : new int[][] {{1, 16}, {0, 3}, {16, 16}, {-16, 16}, {0, 0}}) {
        assertThatThrownBy(() -> matrix.quantize(rows[0], rows[1], StoredType.F32, values))
            .hasMessageStartingWith("rows: expected whole tiles of 16 in 19 rows");
      }
      assertThatThrownBy(
              () -> matrix.quantize(0, 16, StoredType.F32, ByteBuffer.allocateDirect(64)))
          .hasMessageContaining("expected 1120 numbers in direct memory");
    }
  }

  static Stream<Arguments> variantsAndTokens() {
    return CpuKernelsTest.variantsOfSteps()
        .flatMap(variant -> Stream.of(1, 3, 8, 11).map(tokens -> Arguments.of(variant, tokens)));
  }

  @ParameterizedTest
  @MethodSource("variantsAndTokens")
  void productsAreThoseOfTheRestoredWeightWithRoundedTokens(CpuVariant variant, int tokens) {
    int rows = 37;
    int columns = 100;
    float[] weight = numbers(rows * columns);
    float[] table = numbers(tokens * columns);
    try (Scope scope = Scope.open();
        Int8Matrix matrix = Int8Matrix.of(Tensor.of(weight, rows, columns));
        StepProgram program = new StepProgram(variant.number, 2, tokens, tokens)) {
      Tensor restored = Tensor.empty(DType.F32, rows, columns);
      matrix.dequantize(restored);
      float[] values = restored.toFloats();
      Tensor rowsOfX = Tensor.of(table, tokens, columns);
      int x = program.buffer(columns);
      int y = program.buffer(rows);
      program.embed(x, rowsOfX.address(), 0, 1, 0);
      program.int8Product(x, y, 0, matrix.address(), rows, columns, 0, 0, 2, false);
      int[] of = new int[5 * tokens];
      IntStream.range(0, tokens).forEach(t -> of[t] = t);
      program.run(tokens, of, 0, new int[0], 0, new int[0], new float[0], new int[0]);
      FloatBuffer read =
          ByteBuffer.allocateDirect(rows * Float.BYTES)
              .order(ByteOrder.nativeOrder())
              .asFloatBuffer();
      for (int t = 0; t < tokens; t++) {
        program.read(y, t, read);
        double[] rounded = rounded(table, t * columns, columns);
        for (int r = 0; r < rows; r++) {
          double wanted = 0;
          for (int i = 0; i < columns; i++) {
            wanted += values[r * columns + i] * rounded[i];
          }
          assertThat(read.get(r)).isCloseTo((float) (2 * wanted), within(1e-4f));
        }
      }
    }
  }

  @Test
  void aNumberThatIsNotFiniteIsRefused() {
    try (Scope scope = Scope.open()) {
      for (float value : List.of(Float.NaN, Float.POSITIVE_INFINITY)) {
        Tensor weight = Tensor.of(new float[] {1, value, 3, 4}, 2, 2);
        assertThatThrownBy(() -> Int8Matrix.of(weight)).hasMessageContaining("finite");
      }
    }
  }

  /** Each block of 32 rounded to 127 steps of its largest magnitude. */
  private static double[] rounded(float[] values, int from, int count) {
    double[] rounded = new double[count];
    for (int block = 0; block < count; block += 32) {
      int end = Math.min(block + 32, count);
      double most = 0;
      for (int i = block; i < end; i++) {
        most = Math.max(most, Math.abs(values[from + i]));
      }
      for (int i = block; i < end; i++) {
        rounded[i] = Math.rint(values[from + i] / most * 127) * most / 127;
      }
    }
    return rounded;
  }

  private static float[] numbers(int count) {
    Random random = new Random(5);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
