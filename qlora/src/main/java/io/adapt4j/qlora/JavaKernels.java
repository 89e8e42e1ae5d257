package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.StoredType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;

/**
 * The reference implementation: what the other ones are compared with. Sums of products are
 * accumulated in double.
 */
final class JavaKernels implements FourBitKernels {

  static final JavaKernels INSTANCE = new JavaKernels();

  private JavaKernels() {}

  @Override
  public String name() {
    return "java";
  }

  /** Numbers that are decoded at a time: a multiple of every block size. */
  private static final int RUN = 1 << 16;

  @Override
  public boolean quantise(
      Quantization quantization,
      StoredType type,
      ByteBuffer values,
      int count,
      ByteBuffer packed,
      float[] absmax,
      int block) {
    ByteBuffer stored = values.duplicate().order(ByteOrder.LITTLE_ENDIAN).rewind();
    float[] run = new float[Math.min(RUN, count)];
    for (int first = 0; first < count; first += RUN) {
      int length = Math.min(RUN, count - first);
      StoredFloats.decode(type, stored, run, length);
      if (StoredFloats.firstNotFinite(run, length) >= 0) {
        return false;
      }
      int runBlock = block + first / quantization.blockSize();
      quantise(quantization, run, length, packed, absmax, runBlock);
    }
    return true;
  }

  /** Quantises finite numbers in the same way. */
  void quantise(
      Quantization quantization,
      float[] values,
      int count,
      ByteBuffer packed,
      float[] absmax,
      int block) {
    int size = quantization.blockSize();
    int firstByte = packed.position();
    IntStream.range(0, (count + size - 1) / size)
        .parallel()
        .forEach(
            i -> {
              int start = i * size;
              int end = Math.min(count, start + size);
              float largest = largest(values, start, end);
              absmax[block + i] = largest;
              pack(quantization.type(), values, start, end, largest, packed, firstByte);
            });
    packed.position(firstByte + (int) QuantisedTensor.packedBytes(count));
  }

  static float largest(float[] values, int start, int end) {
    float largest = 0;
    for (int i = start; i < end; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
    }
    return largest;
  }

  /** Blocks begin at even indices, so that no byte belongs to two of them. */
  private static void pack(
      QuantType type,
      float[] values,
      int start,
      int end,
      float absmax,
      ByteBuffer packed,
      int firstByte) {
    for (int i = start; i < end; i += 2) {
      int high = type.nearest(UnitRange.scaled(values[i], absmax));
      float next = i + 1 < end ? UnitRange.scaled(values[i + 1], absmax) : 0;
      packed.put(firstByte + i / 2, (byte) (high << 4 | type.nearest(next)));
    }
  }

  @Override
  public void dequantise(QuantisedTensor tensor, long first, float[] target, int count) {
    int size = tensor.quantization().blockSize();
    int done = 0;
    while (done < count) {
      long at = first + done;
      int length = (int) Math.min(count - done, size - at % size);
      float scale = tensor.scales().of((int) (at / size));
      for (int i = 0; i < length; i++) {
        target[done + i] = tensor.numbers()[code(tensor.packed(), at + i)] * scale;
      }
      done += length;
    }
  }

  private static int code(ByteBuffer packed, long index) {
    int pair = packed.get((int) (index / 2));
    return (index % 2 == 0 ? pair >> 4 : pair) & 0xF;
  }

  @Override
  public FourBitMatrix matrix(QuantisedTensor tensor) {
    return new JavaMatrix(tensor);
  }

  /**
   * Multiplies rows by a weight: Y = X W'.
   *
   * @param weight [outputs, inputs]
   * @param x [rows, inputs]
   * @param rows how many
   * @return [rows, outputs]
   */
  float[] matmul(QuantisedTensor weight, float[] x, int rows) {
    int inputs = weight.columns();
    int outputs = weight.rows();
    if (x.length != rows * inputs) {
      throw new IllegalArgumentException(
          "x: expected " + rows + " rows of " + inputs + " numbers, found " + x.length);
    }
    float[] y = new float[rows * outputs];
    IntStream.range(0, outputs)
        .parallel()
        .forEach(
            output -> {
              float[] row = new float[inputs];
              dequantise(weight, (long) output * inputs, row, inputs);
              for (int r = 0; r < rows; r++) {
                y[r * outputs + output] = dot(row, x, r * inputs);
              }
            });
    return y;
  }

  private static float dot(float[] row, float[] x, int start) {
    double sum = 0;
    for (int i = 0; i < row.length; i++) {
      sum += (double) row[i] * x[start + i];
    }
    return (float) sum;
  }
}
