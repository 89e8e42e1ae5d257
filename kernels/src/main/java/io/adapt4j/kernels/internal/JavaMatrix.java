package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.stream.IntStream;

/** A 4-bit weight computed in Java, in its stored form. */
record JavaMatrix(QuantizedTensor tensor) implements FourBitMatrix {

  /** Number of weights that a thread dequantizes at a time: a multiple of every block size. */
  private static final int CHUNK = 1 << 15;

  @Override
  public int rows() {
    return tensor.rows();
  }

  @Override
  public int columns() {
    return tensor.columns();
  }

  @Override
  public long bytes() {
    return tensor.bytes();
  }

  @Override
  public void dequantize(Tensor target) {
    target.fill(memory -> dequantize(memory, target.type()));
  }

  private void dequantize(ByteBuffer memory, DType type) {
    int chunks = Math.toIntExact((tensor.elements() + CHUNK - 1) / CHUNK);
    IntStream.range(0, chunks)
        .parallel()
        .forEach(
            chunk -> {
              int first = chunk * CHUNK;
              int count = (int) Math.min(CHUNK, tensor.elements() - first);
              switch (type) {
                case F32 -> dequantize(first, count, memory.asFloatBuffer());
                case F16 -> dequantize(first, count, memory.asShortBuffer(), StoredType.F16);
                case BF16 -> dequantize(first, count, memory.asShortBuffer(), StoredType.BF16);
                default ->
                    throw new IllegalArgumentException(
                        "target: expected F32, F16 or BF16, found " + type);
              }
            });
  }

  /** Consumer of the 16 values of a block's codes and its position in a chunk. */
  private interface Block {
    void accept(float scale, int start, int end);
  }

  private void forEachBlock(int first, int count, Block block) {
    int size = tensor.format().blockSize();
    for (int start = 0; start < count; start += size) {
      float scale = tensor.scales().of((first + start) / size);
      block.accept(scale, start, Math.min(count, start + size));
    }
  }

  private byte[] codes(int first, int count) {
    byte[] codes = new byte[(count + 1) / 2];
    tensor.packed().get(first / 2, codes);
    return codes;
  }

  private void dequantize(int first, int count, FloatBuffer target) {
    byte[] codes = codes(first, count);
    float[] dequantized = new float[count + 1]; // room for a trailing half byte
    float[] meanings = new float[tensor.numbers().length];
    forEachBlock(
        first,
        count,
        (scale, start, end) -> {
          for (int code = 0; code < meanings.length; code++) {
            meanings[code] = tensor.numbers()[code] * scale;
          }
          for (int i = start; i < end; i += 2) {
            int pair = codes[i >> 1];
            dequantized[i] = meanings[pair >> 4 & 0xF];
            dequantized[i + 1] = meanings[pair & 0xF];
          }
        });
    target.put(first, dequantized, 0, count);
  }

  private void dequantize(int first, int count, ShortBuffer target, StoredType type) {
    byte[] codes = codes(first, count);
    short[] dequantized = new short[count + 1];
    short[] meanings = new short[tensor.numbers().length];
    forEachBlock(
        first,
        count,
        (scale, start, end) -> {
          for (int code = 0; code < meanings.length; code++) {
            meanings[code] = StoredFloats.toBits(type, tensor.numbers()[code] * scale);
          }
          for (int i = start; i < end; i += 2) {
            int pair = codes[i >> 1];
            dequantized[i] = meanings[pair >> 4 & 0xF];
            dequantized[i + 1] = meanings[pair & 0xF];
          }
        });
    target.put(first, dequantized, 0, count);
  }

  @Override
  public void multiply(Tensor x, Tensor y, int first) {
    int n = (int) x.size(0);
    float[] product = matmul(tensor, x.toFloats(), n);
    try (Tensor values = Tensor.of(product, n, rows());
        Tensor place = y.narrow(1, first, rows())) {
      place.copyFrom(values);
    }
  }

  @Override
  public boolean multipliesFaster(long n) {
    return false;
  }

  @Override
  public void close() {}

  /** Implements {@link FourBitKernels#dequantize}. */
  static void dequantize(QuantizedTensor tensor, long first, float[] target, int count) {
    int size = tensor.format().blockSize();
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

  /**
   * Multiplies rows by a weight: Y = X W'.
   *
   * @param weight [outputs, inputs]
   * @param x [rows, inputs]
   * @return [rows, outputs]
   */
  static float[] matmul(QuantizedTensor weight, float[] x, int rows) {
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
              dequantize(weight, (long) output * inputs, row, inputs);
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
