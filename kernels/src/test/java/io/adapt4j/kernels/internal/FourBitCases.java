package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.Scanner;
import java.util.stream.Stream;

/** 4-bit matrices, and what must hold of them whatever computes with them. */
final class FourBitCases {

  /** NF4 in blocks of 64 with double quantization. */
  static final FourBitFormat NF4 = nf4(64);

  /** The same without double quantization. */
  static final FourBitFormat NF4_PLAIN = new FourBitFormat(FourBitCode.NF4, 64, false);

  /** FP4 in blocks of 64 with double quantization. */
  static final FourBitFormat FP4 = new FourBitFormat(FourBitCode.FP4, 64, true);

  private FourBitCases() {}

  static FourBitFormat nf4(int blockSize) {
    return new FourBitFormat(FourBitCode.NF4, blockSize, true);
  }

  /** Both formats, the smallest, a middle and the largest block, plain and nested scales. */
  static List<FourBitFormat> quantizations() {
    return Stream.of(FourBitCode.values())
        .flatMap(
            type ->
                Stream.of(64, 256, 4096)
                    .flatMap(
                        size ->
                            Stream.of(true, false)
                                .map(nested -> new FourBitFormat(type, size, nested))))
        .toList();
  }

  static QuantizedTensor random(int rows, int columns, FourBitFormat format) {
    int count = rows * columns;
    float[] values = normal(count, 31L * rows + columns);
    ByteBuffer packed = ByteBuffer.allocate((int) QuantizedTensor.packedBytes(count));
    float[] absmax = new float[(int) format.blocks(count)];
    JavaKernels.INSTANCE.quantize(format, values, count, packed, absmax, 0);
    return new QuantizedTensor(
        format,
        format.code().numbers(),
        List.of((long) rows, (long) columns),
        packed.flip(),
        format.doubleQuantized() ? NestedScales.of(absmax) : new PlainScales(absmax));
  }

  /** Numbers as a checkpoint has them, in direct memory. */
  static ByteBuffer stored(StoredType type, float[] values) {
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    StoredFloats.encode(type, values, values.length, bytes);
    return bytes.rewind();
  }

  static float[] normal(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Blocks of 64 with every code in each. */
  static QuantizedTensor withScales(float... scales) {
    ByteBuffer packed = ByteBuffer.allocateDirect(scales.length * 32);
    for (int i = 0; i < packed.limit(); i++) {
      packed.put(i, (byte) (i * 0x13));
    }
    return new QuantizedTensor(
        FourBitCases.NF4_PLAIN,
        FourBitCode.NF4.numbers(),
        List.of((long) scales.length, 64L),
        packed,
        new PlainScales(scales));
  }

  /** The weight; negative zeros stay apart from zeros in it. */
  static float[] restored(FourBitMatrix matrix, DType type) {
    try (Tensor target = Tensor.empty(type, matrix.rows(), matrix.columns())) {
      matrix.dequantize(target);
      return target.toFloats();
    }
  }

  static float[] product(FourBitMatrix matrix, Tensor x) {
    try (Tensor y = Tensor.empty(x.type(), x.size(0), matrix.rows())) {
      matrix.multiply(x, y, 0);
      return y.toFloats();
    }
  }

  /**
   * Compares products of random rows with sums in double. In F32 a product may be off by 1e-5 of
   * the sum of its terms' magnitudes; in BF16 weights and the product are rounded, each by at most
   * 2^-9, so 2^-8 of it are allowed.
   */
  static void checkProducts(QuantizedTensor tensor, FourBitMatrix matrix, DType type, int n) {
    int rows = matrix.rows();
    int columns = matrix.columns();
    float[] weight = new float[rows * columns];
    JavaKernels.INSTANCE.dequantize(tensor, 0, weight, weight.length);
    try (Tensor x = Tensor.randn(type, n, columns)) {
      float[] values = x.toFloats();
      float[] products = product(matrix, x);
      double allowed = type == DType.F32 ? 1e-5 : 0x1p-8;
      for (int token = 0; token < n; token++) {
        for (int row = 0; row < rows; row++) {
          double sum = 0;
          double magnitude = 0;
          for (int i = 0; i < columns; i++) {
            double term = (double) weight[row * columns + i] * values[token * columns + i];
            sum += term;
            magnitude += Math.abs(term);
          }
          assertThat((double) products[token * rows + row])
              .as("%s, %s, n %d, token %d, row %d", tensor.format(), type, n, token, row)
              .isCloseTo(sum, within(allowed * magnitude + 1e-30));
        }
      }
    }
  }

  /** What Linux says that the process holds in memory. */
  static long residentBytes() {
    try (Scanner pages = new Scanner(Path.of("/proc/self/statm"), StandardCharsets.US_ASCII)) {
      pages.nextLong();
      return pages.nextLong() * 4096;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
