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
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Linear layers in bfloat16 by products in fp32 against the same in 64 bits. */
class WideLinearTest {

  /** Sums in fp32, in another order. */
  private static final double SHARE = 1e-5;

  private static final CpuLayerKernels KERNELS = new CpuLayerKernels(CpuVariant.AVX512);

  @BeforeEach
  void needTheInstructions() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
    assumeThat(CpuKernelsTest.variants()).contains(CpuVariant.AVX512);
  }

  /** Rows, depth and columns: whole tiles, strips and blocks of rows, and what is left of them. */
  @ParameterizedTest
  @CsvSource({
    "64, 64, 64",
    "1, 1, 1",
    "5, 100, 129",
    "67, 33, 17",
    "401, 16, 96",
    "130, 2500, 31",
    "25, 12000, 20"
  })
  void layersAreRoundedOnce(int rows, int depth, int columns) {
    try (Scope scope = Scope.open()) {
      Tensor x = random(1, DType.BF16, 1, rows, depth);
      Tensor weight = random(2, DType.BF16, 1, columns, depth);
      Tensor bias = random(3, DType.BF16, 1, columns);
      double[] wanted = product(doubles(x), doubles(weight), rows, depth, columns);

      Tensor y = unwritten(DType.BF16, rows, columns);
      KERNELS.linear(x, weight, null, y);
      assertRounded("product", y, wanted, SHARE);

      double[] biases = doubles(bias);
      for (int i = 0; i < wanted.length; i++) {
        wanted[i] += biases[i % columns];
      }
      Tensor shifted = unwritten(DType.BF16, rows, columns);
      KERNELS.linear(x, weight, bias, shifted);
      assertRounded("with bias", shifted, wanted, SHARE);
    }
  }

  @Test
  void theNumberOfThreadsChangesNoBit() {
    try (Scope scope = Scope.open()) {
      Tensor x = random(1, DType.BF16, 1, 2, 301, 66);
      Tensor weight = random(2, DType.BF16, 1, 130, 66);
      assertTheSameOnAnyThreads(
          () -> {
            Tensor y = unwritten(DType.BF16, 2, 301, 130);
            KERNELS.linear(x, weight, null, y);
            return LayerCase.joined(y);
          });
    }
  }

  @ParameterizedTest
  @EnumSource
  void processorsWithTilesAndThoseWithoutAvx512LeaveThemToLibtorch(CpuVariant variant) {
    CpuLayerKernels kernels = new CpuLayerKernels(variant);
    assertThat(kernels.hasLinear(DType.BF16, 512, 511, 512))
        .isEqualTo(variant == CpuVariant.AVX512);
    assertThat(kernels.hasLinear(DType.BF16, 512, 512, 512))
        .isEqualTo(variant == CpuVariant.AVX512 || variant == CpuVariant.AVX512BF16);
    assertThat(kernels.hasLinear(DType.F32, 512, 512, 512)).isFalse();
    assertThat(kernels.hasLinear(DType.BF16, 63, 512, 512)).isFalse();
  }

  private static double[] product(double[] x, double[] weight, int rows, int depth, int columns) {
    double[] y = new double[rows * columns];
    for (int i = 0; i < y.length; i++) {
      for (int k = 0; k < depth; k++) {
        y[i] += x[i / columns * depth + k] * weight[i % columns * depth + k];
      }
    }
    return y;
  }
}
