package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The implementation in Java, against its own weight-by-weight definition. */
class JavaMatrixTest {

  @ParameterizedTest
  @CsvSource({
    "F32, 7, 9, 64",
    "F16, 7, 9, 64",
    "BF16, 7, 9, 64",
    "F32, 257, 301, 64",
    "F16, 257, 301, 128",
    "BF16, 257, 301, 4096",
    "BF16, 64, 512, 64",
  })
  void weightsAreTheExactProductsRoundedOnce(DType type, int rows, int columns, int blockSize) {
    QuantizedTensor tensor = random(rows, columns, FourBitCases.nf4(blockSize));
    float[] wanted = new float[rows * columns];
    JavaKernels.INSTANCE.dequantize(tensor, 0, wanted, wanted.length);
    try (FourBitMatrix matrix = JavaKernels.INSTANCE.matrix(tensor);
        Tensor target = Tensor.empty(type, rows, columns);
        Tensor exact = Tensor.of(wanted, rows, columns);
        Tensor rounded = exact.copyAs(type)) {
      matrix.dequantize(target);
      assertThat(target.toFloats()).isEqualTo(rounded.toFloats());
      assertThat(matrix.bytes()).isEqualTo(tensor.bytes());
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "3"})
  void aProductFillsItsColumnsOnly(int n) {
    QuantizedTensor tensor = random(5, 33, FourBitCases.FP4);
    try (FourBitMatrix matrix = JavaKernels.INSTANCE.matrix(tensor);
        Tensor weight = Tensor.empty(DType.F32, 5, 33);
        Tensor x = Tensor.randn(DType.F32, n, 33);
        Tensor y = Tensor.zeros(DType.F32, n, 9);
        Tensor transposed = weight.transposed()) {
      matrix.dequantize(weight);
      matrix.multiply(x, y, 3);
      try (Tensor product = x.times(transposed);
          Tensor place = y.narrow(1, 3, 5);
          Tensor before = y.narrow(1, 0, 3);
          Tensor after = y.narrow(1, 8, 1)) {
        assertThat(place.toFloats()).containsExactly(product.toFloats(), within(1e-5f));
        assertThat(before.toFloats()).containsOnly(0);
        assertThat(after.toFloats()).containsOnly(0);
      }
    }
  }

  private static QuantizedTensor random(int rows, int columns, FourBitFormat format) {
    Random random = new Random(rows);
    int count = rows * columns;
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    ByteBuffer packed = ByteBuffer.allocate((int) QuantizedTensor.packedBytes(count));
    float[] absmax = new float[(int) format.blocks(count)];
    JavaKernels.INSTANCE.quantize(format, values, count, packed, absmax, 0);
    return new QuantizedTensor(
        format,
        format.code().numbers(),
        List.of((long) rows, (long) columns),
        packed.flip(),
        NestedScales.of(absmax));
  }
}
