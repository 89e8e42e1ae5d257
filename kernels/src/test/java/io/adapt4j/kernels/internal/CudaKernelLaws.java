package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.kernels.internal.cuda.Device;
import io.adapt4j.kernels.internal.cuda.DeviceBuffer;
import io.adapt4j.kernels.internal.cuda.DeviceQuantizer;
import io.adapt4j.kernels.internal.cuda.DeviceWeight;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** What must hold of the CUDA kernels on any device. Needs no libtorch. */
record CudaKernelLaws(Device device) {

  /** Columns of y before those that a product writes, and one behind them. */
  private static final int BEFORE = 2;

  private static final float UNTOUCHED = 7;

  /** Restored weights are bit-equal to the reference's, rounded once. */
  void restores(QuantizedTensor tensor) {
    for (DType type : List.of(DType.F32, DType.F16, DType.BF16)) {
      assertThat(Arrays.mismatch(restored(tensor, type), rounded(tensor, type)))
          .as("first other byte of %s in %s", tensor.shape(), type)
          .isEqualTo(-1);
    }
  }

  /** Codes and scales of values in a type are bit-equal to the reference's. */
  void quantizes(FourBitFormat format, float[] exact, DType type) {
    float[] values = floats(bytes(exact, type), type);
    int count = values.length;
    int bytes = (int) QuantizedTensor.packedBytes(count);
    int blocks = (int) format.blocks(count);
    ByteBuffer wanted = ByteBuffer.allocate(bytes);
    float[] wantedScales = new float[blocks];
    JavaKernels.INSTANCE.quantize(format, values, count, wanted, wantedScales, 0);
    try (DeviceBuffer input = uploaded(values, type);
        DeviceBuffer packed = new DeviceBuffer(device, bytes);
        DeviceBuffer absmax = new DeviceBuffer(device, (long) blocks * Float.BYTES)) {
      DeviceQuantizer.quantize(
          device,
          type,
          input.address(),
          count,
          format.blockSize(),
          format.code().numbers(),
          format.code() == FourBitCode.FP4,
          packed.address(),
          absmax.address());
      assertThat(Arrays.mismatch(download(packed.address(), bytes), wanted.array()))
          .as("first other byte of %s numbers", count)
          .isEqualTo(-1);
      assertThat(floats(download(absmax.address(), 4 * blocks), DType.F32)).isEqualTo(wantedScales);
    }
  }

  /**
   * A product is that of sums in double within the rounding of the result and what fp32 sums lose,
   * and touches no other columns.
   *
   * @param weights the type that the kernel rounds weights to
   */
  void multiplies(QuantizedTensor tensor, DType type, int n, DType weights) {
    int rows = tensor.rows();
    int columns = tensor.columns();
    float[] x = floats(bytes(RandomWeights.normal(n * columns, n), type), type);
    float[] w = floats(rounded(tensor, weights), weights);
    float[] y = floats(product(tensor, type, n), type);
    int stride = rows + BEFORE + 1;
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < stride; j++) {
        float found = y[i * stride + j];
        if (j < BEFORE || j == stride - 1) {
          assertThat(found).as("a column of others").isEqualTo(UNTOUCHED);
          continue;
        }
        double sum = 0;
        double size = 0;
        for (int k = 0; k < columns; k++) {
          double term = (double) x[i * columns + k] * w[(j - BEFORE) * columns + k];
          sum += term;
          size += Math.abs(term);
        }
        double tolerance = Math.abs(sum) * roundingOf(type) + size * 0x1p-20 + 1e-7;
        if (!(Math.abs(found - sum) <= tolerance)) { // asserting each would take most of the time
          assertThat((double) found).as("[%s, %s]", i, j).isCloseTo(sum, within(tolerance));
        }
      }
    }
  }

  private static double roundingOf(DType type) {
    return switch (type) {
      case BF16 -> 0x1p-8;
      case F16 -> 0x1p-11;
      default -> 0x1p-24;
    };
  }

  /** The product, in the midst of other columns. */
  byte[] product(QuantizedTensor tensor, DType type, int n) {
    int stride = tensor.rows() + BEFORE + 1;
    float[] others = new float[n * stride];
    Arrays.fill(others, UNTOUCHED);
    try (DeviceWeight weight = CudaMatrix.upload(device, tensor);
        DeviceBuffer x = uploaded(RandomWeights.normal(n * tensor.columns(), n), type);
        DeviceBuffer y = uploaded(others, type)) {
      weight.multiply(type, x.address(), n, y.address(), BEFORE, stride);
      return download(y.address(), others.length * type.bytes());
    }
  }

  private byte[] restored(QuantizedTensor tensor, DType type) {
    int bytes = (int) tensor.elements() * type.bytes();
    try (DeviceWeight weight = CudaMatrix.upload(device, tensor);
        DeviceBuffer target = new DeviceBuffer(device, bytes)) {
      weight.dequantize(type, target.address());
      return download(target.address(), bytes);
    }
  }

  /** The reference's weights in a type. */
  static byte[] rounded(QuantizedTensor tensor, DType type) {
    float[] values = new float[(int) tensor.elements()];
    JavaKernels.INSTANCE.dequantize(tensor, 0, values, values.length);
    return bytes(values, type);
  }

  DeviceBuffer uploaded(float[] values, DType type) {
    ByteBuffer content = ByteBuffer.wrap(bytes(values, type));
    DeviceBuffer buffer = new DeviceBuffer(device, content.remaining());
    device.upload(content, buffer.address());
    return buffer;
  }

  byte[] download(long address, int bytes) {
    ByteBuffer content = ByteBuffer.allocate(bytes);
    device.download(address, content);
    return content.array();
  }

  static byte[] bytes(float[] values, DType type) {
    ByteBuffer content =
        ByteBuffer.allocate(values.length * type.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    StoredFloats.encode(StoredType.valueOf(type.name()), values, values.length, content);
    return content.array();
  }

  static float[] floats(byte[] content, DType type) {
    float[] values = new float[content.length / type.bytes()];
    StoredFloats.decode(
        StoredType.valueOf(type.name()),
        ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN),
        values,
        values.length);
    return values;
  }
}
