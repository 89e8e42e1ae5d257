package io.adapt4j.kernels.internal;

import static io.adapt4j.kernels.internal.LayerCase.assertRounded;
import static io.adapt4j.kernels.internal.LayerCase.assertTheSameOnAnyThreads;
import static io.adapt4j.kernels.internal.LayerCase.doubles;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.HostKernels;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Cross-entropies in C++ against the same in 64 bits, for every variant that runs here. */
class CrossEntropyKernelTest {

  private static final int ROWS = 9;

  @BeforeEach
  void needTheLibrary() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
  }

  static Stream<CpuVariant> variants() {
    return CpuKernelsTest.variants();
  }

  static Stream<Arguments> cases() {
    List<Arguments> cases = new ArrayList<>();
    for (CpuVariant variant : CpuKernelsTest.variants().toList()) {
      for (DType type : List.of(DType.F32, DType.BF16)) {
        for (int vocabulary : new int[] {64, 1153, 5}) {
          for (double cap : new double[] {0, 12}) {
            for (boolean weighted : new boolean[] {false, true}) {
              cases.add(Arguments.of(variant, type, vocabulary, cap, weighted));
            }
          }
        }
      }
    }
    return cases.stream();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void lossesAreSummedAndDifferentiated(
      CpuVariant variant, DType type, int vocabulary, double cap, boolean weighted) {
    try (Scope scope = Scope.open()) {
      Tensor logits = LayerCase.random(1, type, 3, ROWS, vocabulary);
      long[] targets = new SplittableRandom(2).longs(ROWS, 0, vocabulary).toArray();
      targets[0] = 0;
      targets[1] = vocabulary - 1L;
      float[] weights = new float[ROWS];
      for (int i = 0; i < ROWS; i++) {
        weights[i] = weighted ? i / 4f - 0.5f : 1;
      }
      double scale = 0.3;
      double[] before = doubles(logits);
      double[] wanted = before.clone();
      double sum = differentiate(wanted, targets, weights, scale, cap);

      Tensor at = Tensor.of(targets, ROWS);
      Tensor times = weighted ? Tensor.of(weights, ROWS) : null;
      CpuLayerKernels kernels = new CpuLayerKernels(variant);
      assertThat(kernels.crossEntropy(logits, at, times, scale, cap, false))
          .isCloseTo(sum, within(1e-5 * Math.abs(sum) + 1e-5));
      assertThat(doubles(logits)).as("without gradient").isEqualTo(before);
      assertThat(kernels.crossEntropy(logits, at, times, scale, cap, true))
          .isCloseTo(sum, within(1e-5 * Math.abs(sum) + 1e-5));
      assertRounded("gradient", logits, wanted, 2e-6);
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void extremeLogitsOverflowNothing(CpuVariant variant) {
    try (Scope scope = Scope.open()) {
      float[] values = new float[3 * 17];
      for (int i = 0; i < 17; i++) {
        values[i] = i == 16 ? 3e38f : -3e38f;
        values[17 + i] = i == 3 ? 1e4f : 0;
        values[34 + i] = i == 5 ? 0 : Float.NEGATIVE_INFINITY;
      }
      CpuLayerKernels kernels = new CpuLayerKernels(variant);
      Tensor logits = Tensor.of(values, 3, 17);
      Tensor targets = Tensor.of(new long[] {16, 0, 5}, 3);
      assertThat(kernels.crossEntropy(logits, targets, null, 1, 0, true))
          .isCloseTo(1e4, within(1e-2));
      float[] gradient = logits.toFloats();
      float[] wanted = new float[3 * 17];
      wanted[17] = -1;
      wanted[20] = 1;
      assertThat(gradient).containsExactly(wanted, within(1e-6f));
    }
  }

  /** One that is no number must be seen in the sum, wherever it stands in a row. */
  @ParameterizedTest
  @MethodSource("variants")
  void aLogitThatIsNoNumberMakesTheSumNone(CpuVariant variant) {
    CpuLayerKernels kernels = new CpuLayerKernels(variant);
    for (int place : new int[] {0, 15, 16, 36}) {
      for (float odd : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
        try (Scope scope = Scope.open()) {
          float[] values = new float[37];
          values[place] = odd;
          Tensor logits = Tensor.of(values, 1, 37);
          Tensor targets = Tensor.of(new long[] {7}, 1);
          double sum = kernels.crossEntropy(logits, targets, null, 1, 0, false);
          assertThat(Double.isFinite(sum)).as("%s at %d: %s", odd, place, sum).isFalse();
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void theNumberOfThreadsChangesNoBit(CpuVariant variant) {
    try (Scope scope = Scope.open()) {
      Tensor targets = Tensor.of(IntStream.range(0, 50).mapToLong(i -> 11L * i).toArray(), 50);
      CpuLayerKernels kernels = new CpuLayerKernels(variant);
      assertTheSameOnAnyThreads(
          () -> {
            Tensor logits = LayerCase.random(1, DType.BF16, 3, 50, 777);
            float sum = (float) kernels.crossEntropy(logits, targets, null, 1, 0, true);
            return LayerCase.joined(logits, Tensor.of(new float[] {sum}, 1));
          });
    }
  }

  /** Logits become the derivative by the scores; returns the sum. */
  private static double differentiate(
      double[] logits, long[] targets, float[] weights, double scale, double cap) {
    int vocabulary = logits.length / targets.length;
    double sum = 0;
    for (int row = 0; row < targets.length; row++) {
      int start = row * vocabulary;
      double total = 0;
      for (int i = 0; i < vocabulary; i++) {
        total += Math.exp(logits[start + i]);
      }
      sum += weights[row] * (Math.log(total) - logits[start + (int) targets[row]]);
      for (int i = 0; i < vocabulary; i++) {
        double tangent = cap == 0 ? 0 : logits[start + i] / cap;
        double d = Math.exp(logits[start + i]) / total - (i == targets[row] ? 1 : 0);
        logits[start + i] = weights[row] * scale * d * (1 - tangent * tangent);
      }
    }
    return sum;
  }

  @Test
  void aTargetBeyondTheVocabularyIsRefused() {
    HostKernels kernels = new CpuLayerKernels(CpuLibrary.get().best());
    try (Scope scope = Scope.open()) {
      Tensor logits = Tensor.zeros(DType.F32, 2, 7);
      for (long target : new long[] {7, -1}) {
        Tensor targets = Tensor.of(new long[] {0, target}, 2);
        assertThatThrownBy(() -> kernels.crossEntropy(logits, targets, null, 1, 0, true))
            .isInstanceOf(EngineException.class)
            .hasMessageContaining("tokens 0 to 6");
      }
    }
  }
}
