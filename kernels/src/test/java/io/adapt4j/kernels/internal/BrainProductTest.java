package io.adapt4j.kernels.internal;

import static io.adapt4j.kernels.internal.LayerCase.assertRounded;
import static io.adapt4j.kernels.internal.LayerCase.assertTheSameOnAnyThreads;
import static io.adapt4j.kernels.internal.LayerCase.doubles;
import static io.adapt4j.kernels.internal.LayerCase.random;
import static io.adapt4j.kernels.internal.LayerCase.unwritten;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Products of bfloat16 matrices in C++ against the same in 64 bits: sums are rounded once. */
class BrainProductTest {

  /** Sums in fp32, in another order. */
  private static final double SHARE = 1e-5;

  private static final CpuLayerKernels KERNELS = new CpuLayerKernels(CpuVariant.AVX512BF16);

  @BeforeEach
  void needTheInstructions() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
    assumeThat(CpuKernelsTest.variants()).contains(CpuVariant.AVX512BF16);
  }

  /** Rows, depth and columns: whole tiles and panels, and what is left of them. */
  static Stream<Arguments> sizes() {
    List<Arguments> cases = new ArrayList<>();
    int[][] sizes = {
      {6, 32, 64},
      {1, 2, 1},
      {13, 34, 65},
      {64, 62, 31},
      {5, 100, 129},
      {601, 16, 96},
      {3, 2, 200},
      {100, 64, 16},
      {25, 66, 17},
      {43, 34, 48},
      {29, 32, 33}
    };
    for (int[] size : sizes) {
      for (boolean transposed : new boolean[] {false, true}) {
        cases.add(Arguments.of(size[0], size[1], size[2], transposed));
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("sizes")
  void matricesAreMultiplied(int rows, int depth, int columns, boolean transposed) {
    try (Scope scope = Scope.open()) {
      Tensor a = random(1, DType.BF16, 1, rows, depth);
      Tensor b = right(depth, columns, transposed);
      Tensor bias = random(3, DType.BF16, 1, columns);
      double[] wanted = product(doubles(a), doubles(b), rows, depth, columns, transposed);

      Tensor c = unwritten(DType.BF16, rows, columns);
      KERNELS.multiply(a, b, transposed, null, c, false);
      assertRounded("product", c, wanted, SHARE);

      double[] biases = doubles(bias);
      double[] shifted = wanted.clone();
      for (int i = 0; i < shifted.length; i++) {
        shifted[i] += biases[i % columns];
      }
      Tensor y = unwritten(DType.BF16, rows, columns);
      KERNELS.multiply(a, b, transposed, bias, y, false);
      assertRounded("with bias", y, shifted, SHARE);

      Tensor sum = random(4, DType.BF16, 2, rows, columns);
      double[] before = doubles(sum);
      KERNELS.multiply(a, b, transposed, null, sum, true);
      for (int i = 0; i < before.length; i++) {
        before[i] += wanted[i];
      }
      assertRounded("added", sum, before, SHARE);
    }
  }

  /** Ranks that fill a vector, and that do not. */
  @ParameterizedTest
  @CsvSource({"6, 32, 64, 16", "13, 34, 65, 2", "601, 16, 96, 48", "130, 576, 31, 34"})
  void productsOfTwoPairsAreAdded(int rows, int depth, int columns, int rank) {
    for (boolean transposed : new boolean[] {false, true}) {
      try (Scope scope = Scope.open()) {
        Tensor a = random(1, DType.BF16, 1, rows, depth);
        Tensor b = right(depth, columns, transposed);
        Tensor a2 = random(5, DType.BF16, 1, rows, rank);
        Tensor b2 = right(rank, columns, transposed);
        double[] wanted = product(doubles(a), doubles(b), rows, depth, columns, transposed);
        double[] more = product(doubles(a2), doubles(b2), rows, rank, columns, transposed);
        for (int i = 0; i < wanted.length; i++) {
          wanted[i] += more[i];
        }
        Tensor c = unwritten(DType.BF16, rows, columns);
        KERNELS.multiplyPairs(a, b, a2, b2, transposed, null, c);
        assertRounded("sum of products", c, wanted, SHARE);
      }
    }
  }

  private static Tensor right(int depth, int columns, boolean transposed) {
    return transposed
        ? random(2, DType.BF16, 1, columns, depth)
        : random(2, DType.BF16, 1, depth, columns);
  }

  /** The number of rows is summed over: it may be odd. */
  @ParameterizedTest
  @CsvSource({"64, 64, 64", "7, 3, 5", "1, 1, 1", "131, 65, 70", "30, 200, 1", "129, 33, 130"})
  void theTransposeOfAMatrixIsMultiplied(int rows, int m, int n) {
    try (Scope scope = Scope.open()) {
      Tensor a = random(1, DType.BF16, 1, rows, m);
      Tensor b = random(2, DType.BF16, 1, rows, n);
      double[] left = doubles(a);
      double[] right = doubles(b);
      double[] wanted = new double[m * n];
      for (int i = 0; i < wanted.length; i++) {
        for (int row = 0; row < rows; row++) {
          wanted[i] += left[row * m + i / n] * right[row * n + i % n];
        }
      }
      Tensor rounded = unwritten(DType.BF16, m, n);
      KERNELS.multiplyTransposed(a, b, rounded);
      assertRounded("overwritten", rounded, wanted, SHARE);

      Tensor sum = random(3, DType.F32, 1, m, n);
      double[] before = doubles(sum);
      for (int i = 0; i < before.length; i++) {
        before[i] += wanted[i];
      }
      KERNELS.multiplyTransposed(a, b, sum);
      assertRounded("added in fp32", sum, before, SHARE);
    }
  }

  /** Leading dimensions are rows. */
  @Test
  void batchesAreMultipliedAsOneMatrix() {
    try (Scope scope = Scope.open()) {
      Tensor a = random(1, DType.BF16, 1, 3, 5, 8);
      Tensor b = random(2, DType.BF16, 1, 4, 8);
      Tensor c = unwritten(DType.BF16, 3, 5, 4);
      KERNELS.multiply(a, b, true, null, c, false);
      assertRounded("c", c, product(doubles(a), doubles(b), 15, 8, 4, true), SHARE);
    }
  }

  @Test
  void theNumberOfThreadsChangesNoBit() {
    try (Scope scope = Scope.open()) {
      for (int rows : new int[] {5, 64, 1030}) {
        Tensor a = random(1, DType.BF16, 1, rows, 66);
        Tensor b = random(2, DType.BF16, 1, 66, 130);
        Tensor dy = random(3, DType.BF16, 1, rows, 130);
        assertTheSameOnAnyThreads(
            () -> {
              Tensor c = unwritten(DType.BF16, rows, 130);
              KERNELS.multiply(a, b, false, null, c, false);
              Tensor dx = unwritten(DType.BF16, rows, 66);
              KERNELS.multiply(dy, b, true, null, dx, false);
              Tensor db = Tensor.zeros(DType.F32, 66, 130);
              KERNELS.multiplyTransposed(a, dy, db);
              return LayerCase.joined(c, dx, db);
            });
      }
    }
  }

  /** As in the derivative by what comes into an output layer. */
  @Test
  void deepProductsAreFormedInPartsWithoutChangingABit() {
    int rows = 301;
    int depth = 9002;
    int columns = 70;
    try (Scope scope = Scope.open()) {
      Tensor a = random(1, DType.BF16, 1, rows, depth);
      Tensor b = right(depth, columns, false);
      Tensor c = unwritten(DType.BF16, rows, columns);
      KERNELS.multiply(a, b, false, null, c, false);
      double[] wanted = product(doubles(a), doubles(b), rows, depth, columns, false);
      assertRounded("product", c, wanted, SHARE);
      // With more threads a piece has too few rows, and the depth is not cut.
      assertTheSameOnAnyThreads(
          () -> {
            Tensor again = unwritten(DType.BF16, rows, columns);
            KERNELS.multiply(a, b, false, null, again, false);
            return LayerCase.joined(again);
          });
    }
  }

  /** Without these instructions, and with tiles, libtorch multiplies. */
  @ParameterizedTest
  @EnumSource
  void onlyProcessorsWithTheInstructionsAndWithoutTilesMultiply(CpuVariant variant) {
    CpuLayerKernels kernels = new CpuLayerKernels(variant);
    assertThat(kernels.multiplies(DType.BF16, 512, 512, 512))
        .isEqualTo(variant == CpuVariant.AVX512BF16);
    assertThat(kernels.multiplies(DType.F32, 512, 512, 512)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"63, 512, 512", "64, 4, 4", "512, 511, 512", "0, 512, 512"})
  void smallProductsAndThoseOfOddDepthAreLeftToLibtorch(long rows, long depth, long columns) {
    assertThat(KERNELS.multiplies(DType.BF16, rows, depth, columns)).isFalse();
  }

  private static double[] product(
      double[] a, double[] b, int rows, int depth, int columns, boolean transposed) {
    double[] c = new double[rows * columns];
    for (int row = 0; row < rows; row++) {
      for (int column = 0; column < columns; column++) {
        double sum = 0;
        for (int k = 0; k < depth; k++) {
          sum +=
              a[row * depth + k] * (transposed ? b[column * depth + k] : b[k * columns + column]);
        }
        c[row * columns + column] = sum;
      }
    }
    return c;
  }
}
