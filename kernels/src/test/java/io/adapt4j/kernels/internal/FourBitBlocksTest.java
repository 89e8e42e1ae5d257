package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * NF4 and FP4 weights prepared for steps with inputs in 8 bits. Products are in {@link
 * BlockMatrixTest}.
 */
class FourBitBlocksTest {

  @BeforeEach
  void needTheLibrary() {
    assumeThat(CpuLibrary.get().isPresent()).as(CpuLibrary.get().absence()).isTrue();
  }

  static List<FourBitFormat> formats() {
    return FourBitCases.quantizations();
  }

  @ParameterizedTest
  @MethodSource("formats")
  void weightsAreTheirNumbersTimesTheirScalesInFp16(FourBitFormat format) {
    for (int[] shape : new int[][] {{1, 64}, {37, 192}, {300, 1088}}) {
      QuantizedTensor weight = FourBitCases.random(shape[0], shape[1], format);
      float[] expected = new float[shape[0] * shape[1]];
      float rounded = 0;
      for (int i = 0; i < expected.length; i++) {
        if (i % format.blockSize() == 0) {
          float scale = weight.scales().of(i / format.blockSize());
          rounded = half(scale);
          assertThat(rounded).isCloseTo(scale, within(scale * 0x1p-11f));
        }
        expected[i] = weight.numbers()[code(weight, i)] * rounded;
      }
      try (Scope scope = Scope.open();
          FourBitMatrix matrix = kernels().matrixForInt8Inputs(weight)) {
        assertThat(matrix.holdsCodes()).isTrue();
        Tensor target = Tensor.emptyOnHost(DType.F32, shape[0], shape[1]);
        matrix.dequantize(target);
        assertThat(target.toFloats()).isEqualTo(expected);
      }
    }
  }

  static List<FourBitFormat> codes() {
    return List.of(FourBitCases.NF4, FourBitCases.FP4);
  }

  @ParameterizedTest
  @MethodSource("codes")
  void theProductIsThatOfTheDequantizedWeight(FourBitFormat format) {
    QuantizedTensor weight = FourBitCases.random(37, 192, format);
    try (Scope scope = Scope.open();
        FourBitMatrix matrix = kernels().matrixForInt8Inputs(weight)) {
      Tensor restored = Tensor.emptyOnHost(DType.F32, 37, 192);
      matrix.dequantize(restored);
      float[] values = restored.toFloats();
      float[] x = FourBitCases.normal(3 * 192, 5);
      Tensor y = Tensor.of(new float[3 * 40], 3, 40);
      matrix.multiply(Tensor.of(x, 3, 192), y, 2);
      for (int t = 0; t < 3; t++) {
        for (int row = 0; row < 37; row++) {
          double sum = 0;
          for (int c = 0; c < 192; c++) {
            sum += (double) values[row * 192 + c] * x[t * 192 + c];
          }
          assertThat(y.toFloats()[t * 40 + 2 + row]).isCloseTo((float) sum, within(1e-4f));
        }
      }
    }
  }

  @Test
  void otherWeightsAreComputedAsTheyAre() {
    QuantizedTensor narrow = FourBitCases.random(4, 48, FourBitCases.NF4);
    QuantizedTensor nf4 = FourBitCases.random(4, 64, FourBitCases.NF4_PLAIN);
    float[] numbers = nf4.numbers().clone();
    numbers[3] += 0.01f;
    float[] tiny = new float[4];
    Arrays.fill(tiny, 0x1p-15f);
    float[] large = new float[4];
    Arrays.fill(large, 1e5f);
    for (QuantizedTensor weight :
        List.of(
            narrow,
            with(nf4, numbers, nf4.scales()),
            with(nf4, nf4.numbers(), new PlainScales(tiny)),
            with(nf4, nf4.numbers(), new PlainScales(large)))) {
      try (FourBitMatrix matrix = kernels().matrixForInt8Inputs(weight)) {
        assertThat(matrix).isInstanceOf(CpuMatrix.class);
      }
    }
  }

  @Test
  void scalesOfZeroAreAllowed() {
    QuantizedTensor nf4 = FourBitCases.random(4, 64, FourBitCases.NF4_PLAIN);
    try (FourBitMatrix matrix =
        kernels().matrixForInt8Inputs(with(nf4, nf4.numbers(), new PlainScales(new float[4])))) {
      assertThat(matrix).isInstanceOf(FourBitBlocks.class);
    }
  }

  private static FourBitKernels kernels() {
    return CpuKernels.of(CpuLibrary.get().best());
  }

  private static QuantizedTensor with(QuantizedTensor weight, float[] numbers, Scales scales) {
    return new QuantizedTensor(weight.format(), numbers, weight.shape(), weight.packed(), scales);
  }

  private static float half(float value) {
    try (Scope scope = Scope.open()) {
      Tensor rounded = Tensor.of(new float[] {value}, 1).copyAs(DType.F16);
      return rounded.toFloats()[0];
    }
  }

  private static int code(QuantizedTensor weight, int index) {
    int pair = weight.packed().get(index / 2) & 0xFF;
    return index % 2 == 0 ? pair >> 4 : pair & 0xF;
  }
}
