package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Norms to mean 0 and activations against the same in 64 bits, for every variant that runs here.
 */
class LayerNormKernelTest {

  private static final int ROWS = 5;
  private static final double EPSILON = 1e-5;

  /** Numbers of about 3, in fp32 and in bfloat16. */
  private static final double F32_ERROR = 3e-6;

  private static final double BF16_ERROR = 0.03;

  @BeforeEach
  void needTheLibrary() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
  }

  static Stream<CpuVariant> variants() {
    return CpuKernelsTest.variants();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void rowsHaveMeanZeroAndVarianceOne(CpuVariant variant) {
    for (DType type : new DType[] {DType.F32, DType.BF16}) {
      for (int width : new int[] {64, 83, 7}) {
        compare(variant, type, width, false, true);
        compare(variant, type, width, false, false);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void aSumIsNormalizedAsIfItHadBeenAddedBefore(CpuVariant variant) {
    for (DType type : new DType[] {DType.F32, DType.BF16}) {
      for (int width : new int[] {64, 83, 7}) {
        compare(variant, type, width, true, true);
      }
    }
  }

  private static void compare(
      CpuVariant variant, DType type, int width, boolean withSum, boolean withBias) {
    try (Scope scope = Scope.open()) {
      Tensor x = random(1, type, ROWS, width);
      Tensor added = withSum ? random(2, type, ROWS, width) : null;
      Tensor weight = random(3, type, width);
      Tensor bias = withBias ? random(4, type, width) : null;
      Tensor y = Tensor.empty(type, ROWS, width);
      new CpuLayerKernels(variant).layerNorm(x, added, weight, bias, EPSILON, y);
      float[] sum = (withSum ? x.plus(added) : x).toFloats();
      float[] factors = weight.toFloats();
      float[] shifts = withBias ? bias.toFloats() : new float[width];
      float[] found = y.toFloats();
      for (int row = 0; row < ROWS; row++) {
        int start = row * width;
        double mean =
            IntStream.range(0, width).mapToDouble(i -> sum[start + i]).average().orElse(0);
        double variance =
            IntStream.range(0, width)
                .mapToDouble(i -> (sum[start + i] - mean) * (sum[start + i] - mean))
                .average()
                .orElse(0);
        for (int i = 0; i < width; i++) {
          double wanted =
              (sum[start + i] - mean) / Math.sqrt(variance + EPSILON) * factors[i] + shifts[i];
          assertThat((double) found[start + i])
              .as("%s, %s of %d, row %d", variant, type, width, row)
              .isCloseTo(wanted, within(type == DType.F32 ? F32_ERROR : BF16_ERROR));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void geluIsExactInPlaceAndBeside(CpuVariant variant) {
    int count = 4 * 251;
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (i - count / 2) / 64f;
    }
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(values, 4, 251);
      Tensor y = Tensor.empty(DType.F32, 4, 251);
      CpuLayerKernels kernels = new CpuLayerKernels(variant);
      kernels.activate(x, Activation.GELU, y);
      float[] beside = y.toFloats();
      kernels.activate(x, Activation.GELU, x);
      assertThat(x.toFloats()).isEqualTo(beside);
      for (int i = 0; i < count; i++) {
        assertThat((double) beside[i])
            .as("gelu(%s)", values[i])
            .isCloseTo(gelu(values[i]), within(2e-7 * Math.max(1, Math.abs(values[i]))));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void theApproximateGeluIsThatOfItsFormula(CpuVariant variant) {
    float[] values = new float[4 * 251];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) DType.BF16.round((i - values.length / 2) / 64f);
    }
    for (DType type : List.of(DType.F32, DType.BF16)) {
      try (Scope scope = Scope.open()) {
        Tensor x = Tensor.of(values, 4, 251).copyAs(type);
        Tensor y = Tensor.empty(type, 4, 251);
        new CpuLayerKernels(variant).activate(x, Activation.GELU_TANH, y);
        float[] found = y.toFloats();
        double error = type == DType.F32 ? 4e-7 : BF16_ERROR;
        for (int i = 0; i < found.length; i++) {
          double v = values[i];
          double wanted =
              v / (1 + Math.exp(-2 * Math.sqrt(2 / Math.PI) * (v + 0.044715 * v * v * v)));
          assertThat((double) found[i])
              .as("%s, %s of %s", variant, type, v)
              .isCloseTo(wanted, within(error * Math.max(1, Math.abs(v))));
        }
      }
    }
  }

  /** By Simpson's rule over the density. */
  private static double gelu(double x) {
    int steps = 2000;
    double width = x / steps;
    double sum = 0;
    for (int i = 0; i <= steps; i++) {
      double t = i * width;
      double weight = i == 0 || i == steps ? 1 : i % 2 == 1 ? 4 : 2;
      sum += weight * Math.exp(-t * t / 2);
    }
    return x * (0.5 + sum * width / 3 / Math.sqrt(2 * Math.PI));
  }

  private static Tensor random(long seed, DType type, long... sizes) {
    SplittableRandom random = new SplittableRandom(seed);
    int count = (int) (sizes.length == 1 ? sizes[0] : sizes[0] * sizes[1]);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    try (Tensor exact = Tensor.of(values, sizes)) {
      return exact.copyAs(type);
    }
  }
}
