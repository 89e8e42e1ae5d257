package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.cpu.StepProgram;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class BlockMatrixTest {

  private static final int COLUMNS = 768;

  @BeforeEach
  void needTheLibrary() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
  }

  static Stream<Arguments> typesAndVariants() {
    return Arrays.stream(BlockType.values())
        .flatMap(type -> CpuKernelsTest.variants().map(variant -> Arguments.of(type, variant)));
  }

  @ParameterizedTest
  @MethodSource("typesAndVariants")
  void dequantizesToTheBitAsTheFormatSays(BlockType type, CpuVariant variant) {
    for (int rows : new int[] {1, 16, 37}) {
      byte[] blocks = blocks(type, rows, COLUMNS);
      float[] expected = ReferenceBlocks.dequantize(type, blocks);
      try (Scope scope = Scope.open();
          BlockMatrix matrix = matrix(type, rows, COLUMNS, variant, blocks, null)) {
        Tensor target = Tensor.emptyOnHost(DType.F32, rows, COLUMNS);
        matrix.dequantize(target);
        assertThat(target.toFloats()).isEqualTo(expected);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("typesAndVariants")
  void dequantizesToHalfPrecisionByOneRounding(BlockType type, CpuVariant variant) {
    int rows = 5;
    byte[] blocks = blocks(type, rows, 256);
    for (DType half : List.of(DType.BF16, DType.F16)) {
      try (Scope scope = Scope.open();
          BlockMatrix matrix = matrix(type, rows, 256, variant, blocks, null)) {
        Tensor target = Tensor.emptyOnHost(half, rows, 256);
        matrix.dequantize(target);
        Tensor expected = Tensor.of(ReferenceBlocks.dequantize(type, blocks), rows, 256);
        assertThat(target.toFloats()).isEqualTo(expected.copyAs(half).toFloats());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("typesAndVariants")
  void multipliesAsTheDequantizedWeightDoes(BlockType type, CpuVariant variant) {
    int rows = 37;
    byte[] blocks = blocks(type, rows, COLUMNS);
    float[] weight = ReferenceBlocks.dequantize(type, blocks);
    try (BlockMatrix matrix = matrix(type, rows, COLUMNS, variant, blocks, null)) {
      for (int tokens = 1; tokens <= 19; tokens++) {
        float[] x = numbers(tokens * COLUMNS);
        try (Scope scope = Scope.open()) {
          Tensor y = Tensor.of(new float[tokens * 40], tokens, 40);
          matrix.multiply(Tensor.of(x, tokens, COLUMNS), y, 2);
          requireProduct(weight, x, tokens, rows, y.toFloats(), 40, 2);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("typesAndVariants")
  void aStepMultipliesAsTheDequantizedWeightDoes(BlockType type, CpuVariant variant) {
    int rows = 1000;
    int tokens = 9;
    byte[] blocks = blocks(type, rows, 256);
    float[] table = numbers(tokens * 256);
    float[] found = step(type, variant, blocks, rows, table, tokens, false);
    requireProduct(
        ReferenceBlocks.dequantize(type, blocks), table, tokens, rows, found, rows + 3, 3);
  }

  @ParameterizedTest
  @MethodSource("typesAndVariants")
  void aStepWithRoundedTokensMultipliesTheirRoundedEntries(BlockType type, CpuVariant variant) {
    int rows = 1000;
    int tokens = 9;
    byte[] blocks = blocks(type, rows, 256);
    float[] table = numbers(tokens * 256);
    table[5] = 100;
    Arrays.fill(table, 64, 96, 0);
    float[] found = step(type, variant, blocks, rows, table, tokens, true);
    float[] rounded = RoundedBlocks.of(table);
    requireProduct(
        ReferenceBlocks.inIntegers(type, blocks), rounded, tokens, rows, found, rows + 3, 3);
  }

  @ParameterizedTest
  @MethodSource("typesAndVariants")
  void aTokenIsMultipliedToTheBitAsAloneHoweverManyOthersThereAre(
      BlockType type, CpuVariant variant) {
    int rows = 50;
    byte[] blocks = blocks(type, rows, COLUMNS);
    float[] table = numbers(17 * COLUMNS);
    for (boolean rounded : new boolean[] {false, true}) {
      float[] together = step(type, variant, blocks, rows, table, 17, rounded);
      for (int tokens = 1; tokens < 17; tokens++) {
        float[] fewer = Arrays.copyOf(table, tokens * COLUMNS);
        float[] found = step(type, variant, blocks, rows, fewer, tokens, rounded);
        assertThat(found).isEqualTo(Arrays.copyOf(together, found.length));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("typesAndVariants")
  void anEntryThatIsNotFiniteIsNotRoundedAway(BlockType type, CpuVariant variant) {
    for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      float[] table = numbers(256);
      table[40] = odd;
      float[] found = step(type, variant, blocks(type, 16, 256), 16, table, 1, true);
      for (int row = 0; row < 16; row++) {
        assertThat(found[3 + row]).isNotFinite();
      }
    }
  }

  /** The products of a step with some tokens, from column 3 of each on. */
  private static float[] step(
      BlockType type,
      CpuVariant variant,
      byte[] blocks,
      int rows,
      float[] table,
      int tokens,
      boolean rounded) {
    int columns = table.length / tokens;
    try (Scope scope = Scope.open();
        BlockMatrix matrix = matrix(type, rows, columns, variant, blocks, null);
        StepProgram program = new StepProgram(variant.number, 2, tokens, tokens)) {
      int x = program.buffer(columns);
      int y = program.buffer(rows + 3);
      program.embed(x, Tensor.of(table, tokens, columns).address(), 0, 1, 0);
      program.blockProduct(
          x, y, 3, type.id(), rounded, matrix.address(), rows, columns, 0, 0, 1, false);
      int[] of = IntStream.range(0, 5 * tokens).map(i -> i < tokens ? i : 0).toArray();
      program.run(tokens, of, 0, new int[1], 0, new int[1], new float[1], new int[1]);
      FloatBuffer read =
          ByteBuffer.allocateDirect((rows + 3) * 4).order(ByteOrder.nativeOrder()).asFloatBuffer();
      float[] found = new float[tokens * (rows + 3)];
      for (int t = 0; t < tokens; t++) {
        program.read(y, t, read);
        read.get(0, found, t * (rows + 3), rows + 3);
      }
      return found;
    }
  }

  @Test
  void rowsAreTakenInAnotherOrderThanTheFileHas() {
    int rows = 20;
    byte[] blocks = blocks(BlockType.Q4_K, rows, 256);
    int[] order = IntStream.range(0, rows).map(row -> rows - 1 - row).toArray();
    float[] values = ReferenceBlocks.dequantize(BlockType.Q4_K, blocks);
    float[] expected = new float[values.length];
    for (int row = 0; row < rows; row++) {
      System.arraycopy(values, order[row] * 256, expected, row * 256, 256);
    }
    try (Scope scope = Scope.open();
        BlockMatrix matrix =
            matrix(BlockType.Q4_K, rows, 256, CpuLibrary.get().best(), blocks, order)) {
      Tensor target = Tensor.emptyOnHost(DType.F32, rows, 256);
      matrix.dequantize(target);
      assertThat(target.toFloats()).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("typesAndVariants")
  void tokensOfBfloat16AreMultipliedInFp32AndRoundedOnce(BlockType type, CpuVariant variant) {
    int rows = 16;
    byte[] blocks = blocks(type, rows, 256);
    float[] weight = ReferenceBlocks.dequantize(type, blocks);
    try (Scope scope = Scope.open();
        BlockMatrix matrix = matrix(type, rows, 256, variant, blocks, null)) {
      Tensor x = Tensor.of(numbers(3 * 256), 3, 256).copyAs(DType.BF16);
      Tensor y = Tensor.emptyOnHost(DType.BF16, 3, rows);
      matrix.multiply(x, y, 0);
      float[] found = y.toFloats();
      float[] tokens = x.toFloats();
      for (int t = 0; t < 3; t++) {
        for (int row = 0; row < rows; row++) {
          double exact = 0;
          double size = 0;
          for (int c = 0; c < 256; c++) {
            double term = (double) weight[row * 256 + c] * tokens[t * 256 + c];
            exact += term;
            size += Math.abs(term);
          }
          assertThat(Math.abs(found[t * rows + row] - exact))
              .isLessThanOrEqualTo(Math.abs(exact) / 256 + size * 1e-6);
        }
      }
    }
  }

  @Test
  void theMemoryIsThatOfTheFileAndLittleMore() {
    for (BlockType type :
        EnumSet.complementOf(
            EnumSet.of(BlockType.OWN_TABLE, BlockType.OWN_EIGHT, BlockType.OWN_WIDE))) {
      double inFile = 64.0 * 512 / type.columns() * type.bytes();
      assertThat(BlockMatrix.bytes(type, 64, 512) / inFile)
          .isBetween(
              1.0,
              switch (type) {
                case Q2_K -> 1.2;
                case TQ1_0 -> 1.23;
                case IQ4_XS -> 1.08;
                case MXFP4 -> 1.06;
                default -> 1.03;
              });
    }
    assertThat(BlockMatrix.bytes(BlockType.OWN_TABLE, 64, 512)).isEqualTo(64 * 512 * 37 / 64);
    assertThat(BlockMatrix.bytes(BlockType.OWN_EIGHT, 64, 512)).isEqualTo(64 * 512 * 29 / 64);
    assertThat(BlockMatrix.bytes(BlockType.OWN_WIDE, 64, 512)).isEqualTo(64 * 512 * 27 / 64);
  }

  @Test
  void memoryOfAnotherSizeIsRefused() {
    try (BlockMatrix matrix = BlockMatrix.empty(BlockType.Q8_0, 2, 64)) {
      assertThatThrownBy(() -> matrix.arrange(ByteBuffer.allocateDirect(100), null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("expected 136 bytes");
      assertThatThrownBy(() -> matrix.arrange(ByteBuffer.allocateDirect(136), new int[] {0, 2}))
          .hasMessageContaining("expected rows below 2, found 2");
    }
    assertThatThrownBy(() -> BlockMatrix.bytes(BlockType.Q4_K, 2, 64))
        .hasMessage("columns: expected a multiple of 256 for Q4_K, found 64");
  }

  private static byte[] blocks(BlockType type, int rows, int columns) {
    return ReferenceBlocks.random(type, rows * (columns / type.columns()), rows);
  }

  private static BlockMatrix matrix(
      BlockType type, int rows, int columns, CpuVariant variant, byte[] blocks, int[] order) {
    BlockMatrix matrix = BlockMatrix.empty(type, rows, columns, variant);
    matrix.arrange(ByteBuffer.allocateDirect(blocks.length).put(blocks), order);
    return matrix;
  }

  private static float[] numbers(int count) {
    Random random = new Random(count);
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = (float) random.nextGaussian();
    }
    return numbers;
  }

  /** Sums of fp32 are off by so many roundings of the sum of magnitudes. */
  private static void requireProduct(
      float[] weight, float[] x, int tokens, int rows, float[] y, int outputs, int first) {
    int columns = x.length / tokens;
    for (int t = 0; t < tokens; t++) {
      for (int row = 0; row < rows; row++) {
        double exact = 0;
        double size = 0;
        for (int c = 0; c < columns; c++) {
          double term = (double) weight[row * columns + c] * x[t * columns + c];
          exact += term;
          size += Math.abs(term);
        }
        assertThat(Math.abs(y[t * outputs + first + row] - exact))
            .as("token %d of %d, row %d", t, tokens, row)
            .isLessThanOrEqualTo(size * 2e-6 + 1e-9);
      }
    }
    assertThat(Collections.max(IntStream.range(0, first).mapToObj(i -> y[i]).toList()))
        .as("columns before the weight's")
        .isZero();
  }
}
