package io.adapt4j.kernels.internal;

import static io.adapt4j.kernels.internal.LayerCase.assertRounded;
import static io.adapt4j.kernels.internal.LayerCase.assertTheSameOnAnyThreads;
import static io.adapt4j.kernels.internal.LayerCase.doubles;
import static io.adapt4j.kernels.internal.LayerCase.joined;
import static io.adapt4j.kernels.internal.LayerCase.random;
import static io.adapt4j.kernels.internal.LayerCase.unwritten;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Norms and gates in C++ against the same in 64 bits, for every variant that runs here. */
class RowKernelsTest {

  /** More than the blocks of rows whose sums are formed apart. */
  private static final int ROWS = 70;

  private static final double EPSILON = 1e-5;

  /** Sums of a row in fp32, in another order. */
  private static final double SHARE = 2e-6;

  @BeforeEach
  void needTheLibrary() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
  }

  /** Widths that are whole vectors, longer than that, and shorter than one. */
  static Stream<Arguments> norms() {
    List<Arguments> cases = new ArrayList<>();
    for (CpuVariant variant : CpuKernelsTest.variants().toList()) {
      for (DType type : List.of(DType.F32, DType.BF16)) {
        for (int width : new int[] {64, 83, 7, 1}) {
          for (double offset : new double[] {0, 1}) {
            cases.add(Arguments.of(variant, type, width, offset));
          }
        }
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("norms")
  void rowsAreNormalizedByTheirRootMeanSquare(
      CpuVariant variant, DType type, int width, double offset) {
    try (Scope scope = Scope.open()) {
      Tensor x = random(1, type, 3, ROWS, width);
      Tensor weight = random(2, type, 1, width);
      Tensor y = unwritten(type, ROWS, width);
      new CpuLayerKernels(variant).rmsNorm(x, weight, offset, EPSILON, y);
      assertRounded("y", y, norm(doubles(x), doubles(weight), offset), SHARE);
    }
  }

  @ParameterizedTest
  @MethodSource("norms")
  void theNormIsDifferentiated(CpuVariant variant, DType type, int width, double offset) {
    try (Scope scope = Scope.open()) {
      Tensor x = random(1, type, 3, ROWS, width);
      Tensor weight = random(2, type, 1, width);
      Tensor dy = random(3, type, 1, ROWS, width);
      Tensor dx = unwritten(type, ROWS, width);
      Tensor dweight = random(4, DType.F32, 1, width);
      double[] before = doubles(dweight);
      CpuLayerKernels kernels = new CpuLayerKernels(variant);
      kernels.rmsNormBackward(dy, x, weight, offset, EPSILON, null, dx, dweight);
      double[][] wanted = normBackward(doubles(dy), doubles(x), doubles(weight), offset);
      // One entry is normalized to its sign, whose derivative is the rest of a difference.
      if (width > 1) {
        assertRounded("dx", dx, wanted[0], 2 * SHARE);
      }
      for (int i = 0; i < width; i++) {
        wanted[1][i] += before[i];
      }
      assertRounded("dweight", dweight, wanted[1], 2 * SHARE);
      Tensor alone = unwritten(type, ROWS, width);
      kernels.rmsNormBackward(dy, x, weight, offset, EPSILON, null, alone, null);
      assertThat(alone.toFloats()).isEqualTo(dx.toFloats());

      Tensor added = random(6, type, 1, ROWS, width);
      Tensor sum = unwritten(type, ROWS, width);
      kernels.rmsNormBackward(dy, x, weight, offset, EPSILON, added, sum, null);
      double[] both = doubles(added);
      for (int i = 0; i < both.length; i++) {
        both[i] += wanted[0][i];
      }
      assertRounded("dx and another gradient", sum, both, 2 * SHARE);
    }
  }

  static Stream<Arguments> gates() {
    List<Arguments> cases = new ArrayList<>();
    for (CpuVariant variant : CpuKernelsTest.variants().toList()) {
      for (DType type : List.of(DType.F32, DType.BF16)) {
        for (int width : new int[] {48, 37, 5}) {
          for (Activation activation : List.of(Activation.SILU, Activation.GELU_TANH)) {
            cases.add(Arguments.of(variant, type, width, activation));
          }
        }
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("gates")
  void theFirstHalfGatesTheSecond(
      CpuVariant variant, DType type, int width, Activation activation) {
    try (Scope scope = Scope.open()) {
      Tensor x = random(1, type, 4, ROWS, 2L * width);
      Tensor y = unwritten(type, ROWS, width);
      CpuLayerKernels kernels = new CpuLayerKernels(variant);
      assertThat(kernels.hasGate(activation)).isTrue();
      kernels.gated(x, activation, y);
      double[] of = doubles(x);
      double[] wanted = new double[ROWS * width];
      for (int i = 0; i < wanted.length; i++) {
        int gate = i / width * 2 * width + i % width;
        wanted[i] = activated(activation, of[gate]) * of[gate + width];
      }
      assertRounded("y", y, wanted, SHARE);
    }
  }

  @ParameterizedTest
  @MethodSource("gates")
  void theGateIsDifferentiated(CpuVariant variant, DType type, int width, Activation activation) {
    try (Scope scope = Scope.open()) {
      Tensor x = random(1, type, 4, ROWS, 2L * width);
      Tensor dy = random(2, type, 1, ROWS, width);
      Tensor dx = unwritten(type, ROWS, 2L * width);
      new CpuLayerKernels(variant).gatedBackward(dy, x, activation, dx);
      double[] of = doubles(x);
      double[] d = doubles(dy);
      double[] wanted = new double[of.length];
      for (int i = 0; i < d.length; i++) {
        int gate = i / width * 2 * width + i % width;
        double step = 1e-5;
        double slope =
            (activated(activation, of[gate] + step) - activated(activation, of[gate] - step))
                / (2 * step);
        wanted[gate] = d[i] * of[gate + width] * slope;
        wanted[gate + width] = d[i] * activated(activation, of[gate]);
      }
      assertRounded("dx", dx, wanted, SHARE);
    }
  }

  /** Far out the gate is 0 or the identity, and nothing overflows. */
  @ParameterizedTest
  @MethodSource("variants")
  void aGateFarOutIsShutOrOpen(CpuVariant variant) {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(new float[] {-3e4f, -200, 0, 200, 3e4f, 1, 1, 1, 1, 1}, 1, 10);
      Tensor dy = Tensor.of(new float[] {1, 1, 1, 1, 1}, 1, 5);
      CpuLayerKernels kernels = new CpuLayerKernels(variant);
      for (Activation activation : List.of(Activation.SILU, Activation.GELU_TANH)) {
        Tensor y = unwritten(DType.F32, 1, 5);
        kernels.gated(x, activation, y);
        assertRounded("y", y, new double[] {0, 0, 0, 200, 3e4}, 1e-7);
        Tensor dx = unwritten(DType.F32, 1, 10);
        kernels.gatedBackward(dy, x, activation, dx);
        assertRounded("dx", dx, new double[] {0, 0, 0.5, 1, 1, 0, 0, 0, 200, 3e4}, 1e-7);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void anEntryThatIsNoNumberLeavesNoneBehind(CpuVariant variant) {
    try (Scope scope = Scope.open()) {
      Tensor x = Tensor.of(new float[] {1, Float.NaN, 2, 1, 1, 1}, 1, 6);
      CpuLayerKernels kernels = new CpuLayerKernels(variant);
      for (Activation activation : List.of(Activation.SILU, Activation.GELU_TANH)) {
        Tensor y = unwritten(DType.F32, 1, 3);
        kernels.gated(x, activation, y);
        assertThat(y.toFloats()[1]).isNaN();
        assertThat(y.toFloats()[2]).isFinite();
      }
      Tensor y = Tensor.zeros(DType.F32, 1, 6);
      Tensor weight = Tensor.of(new float[] {1, 1, 1, 1, 1, 1}, 6);
      kernels.rmsNorm(x, weight, 0, EPSILON, y);
      assertThat(y.toFloats()).containsOnly(Float.NaN);
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void noRowsAreNothingToDo(CpuVariant variant) {
    try (Scope scope = Scope.open()) {
      Tensor none = Tensor.zeros(DType.F32, 0, 8);
      Tensor weight = random(1, DType.F32, 1, 8);
      Tensor dweight = Tensor.zeros(DType.F32, 8);
      CpuLayerKernels kernels = new CpuLayerKernels(variant);
      kernels.rmsNorm(none, weight, 0, EPSILON, none);
      kernels.rmsNormBackward(none, none, weight, 0, EPSILON, null, none, dweight);
      assertThat(dweight.toFloats()).containsOnly(0);
    }
  }

  static Stream<CpuVariant> variants() {
    return CpuKernelsTest.variants();
  }

  @ParameterizedTest
  @MethodSource("variants")
  void theNumberOfThreadsChangesNoBit(CpuVariant variant) {
    try (Scope scope = Scope.open()) {
      for (int rows : new int[] {1, 3, 64, 131}) {
        Tensor x = random(1, DType.BF16, 3, rows, 74);
        Tensor weight = random(2, DType.BF16, 1, 74);
        Tensor dy = random(3, DType.BF16, 1, rows, 74);
        Tensor half = random(4, DType.BF16, 1, rows, 37);
        CpuLayerKernels kernels = new CpuLayerKernels(variant);
        assertTheSameOnAnyThreads(
            () -> {
              Tensor y = unwritten(DType.BF16, rows, 74);
              Tensor dx = unwritten(DType.BF16, rows, 74);
              Tensor dweight = Tensor.zeros(DType.F32, 74);
              Tensor gated = unwritten(DType.BF16, rows, 37);
              Tensor dgate = unwritten(DType.BF16, rows, 74);
              kernels.rmsNorm(x, weight, 1, EPSILON, y);
              kernels.rmsNormBackward(dy, x, weight, 1, EPSILON, null, dx, dweight);
              kernels.gated(x, Activation.SILU, gated);
              kernels.gatedBackward(half, x, Activation.SILU, dgate);
              return joined(y, dx, dweight, gated, dgate);
            });
      }
    }
  }

  @Test
  void otherTypesAndFunctionsAreLeftToTheOperators() {
    CpuLayerKernels kernels = new CpuLayerKernels(CpuVariant.SCALAR);
    assertThat(kernels.hasRows(DType.F16)).isFalse();
    assertThat(kernels.hasGate(Activation.GELU)).isFalse();
    assertThat(kernels.hasGate(Activation.RELU)).isFalse();
  }

  private static double[] norm(double[] x, double[] weight, double offset) {
    int width = weight.length;
    double[] y = new double[x.length];
    for (int row = 0; row < x.length; row += width) {
      double inverse = inverse(x, row, width);
      for (int i = 0; i < width; i++) {
        y[row + i] = x[row + i] * inverse * (weight[i] + offset);
      }
    }
    return y;
  }

  /** The derivatives by x and by the weight. */
  private static double[][] normBackward(double[] dy, double[] x, double[] weight, double offset) {
    int width = weight.length;
    double[] dx = new double[x.length];
    double[] dweight = new double[width];
    for (int row = 0; row < x.length; row += width) {
      double inverse = inverse(x, row, width);
      double along = 0;
      for (int i = 0; i < width; i++) {
        double normal = x[row + i] * inverse;
        dweight[i] += dy[row + i] * normal;
        along += dy[row + i] * (weight[i] + offset) * normal / width;
      }
      for (int i = 0; i < width; i++) {
        double normal = x[row + i] * inverse;
        dx[row + i] = (dy[row + i] * (weight[i] + offset) - normal * along) * inverse;
      }
    }
    return new double[][] {dx, dweight};
  }

  private static double inverse(double[] x, int row, int width) {
    double squares = 0;
    for (int i = 0; i < width; i++) {
      squares += x[row + i] * x[row + i];
    }
    return 1 / Math.sqrt(squares / width + EPSILON);
  }

  private static double activated(Activation activation, double x) {
    return activation == Activation.SILU
        ? x / (1 + Math.exp(-x))
        : 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)));
  }
}
