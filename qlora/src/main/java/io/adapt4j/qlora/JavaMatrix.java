package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import java.util.stream.IntStream;

/** A 4-bit weight computed with in Java, as it was read. */
record JavaMatrix(QuantisedTensor tensor) implements FourBitMatrix {

  /** Weights that a thread restores at a time: a multiple of every block size. */
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
  public void dequantise(Tensor target) {
    target.fill(memory -> restore(memory, target.type()));
  }

  private void restore(ByteBuffer memory, DType type) {
    int chunks = Math.toIntExact((tensor.elements() + CHUNK - 1) / CHUNK);
    IntStream.range(0, chunks)
        .parallel()
        .forEach(
            chunk -> {
              int first = chunk * CHUNK;
              int count = (int) Math.min(CHUNK, tensor.elements() - first);
              switch (type) {
                case F32 -> restore(first, count, memory.asFloatBuffer());
                case F16 -> restore(first, count, memory.asShortBuffer(), StoredType.F16);
                case BF16 -> restore(first, count, memory.asShortBuffer(), StoredType.BF16);
                default ->
                    throw new IllegalArgumentException(
                        "target: expected F32, F16 or BF16, found " + type);
              }
            });
  }

  /** Takes what the 16 codes of a block mean and where the block lies in a chunk. */
  private interface Block {
    void accept(float scale, int start, int end);
  }

  private void forEachBlock(int first, int count, Block block) {
    int size = tensor.quantization().blockSize();
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

  private void restore(int first, int count, FloatBuffer target) {
    byte[] codes = codes(first, count);
    float[] restored = new float[count + 1]; // room for the half byte that may be left over
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
            restored[i] = meanings[pair >> 4 & 0xF];
            restored[i + 1] = meanings[pair & 0xF];
          }
        });
    target.put(first, restored, 0, count);
  }

  private void restore(int first, int count, ShortBuffer target, StoredType type) {
    byte[] codes = codes(first, count);
    short[] restored = new short[count + 1];
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
            restored[i] = meanings[pair >> 4 & 0xF];
            restored[i + 1] = meanings[pair & 0xF];
          }
        });
    target.put(first, restored, 0, count);
  }

  @Override
  public void multiply(Tensor x, Tensor y, int first) {
    int n = (int) x.size(0);
    float[] product = JavaKernels.INSTANCE.matmul(tensor, x.toFloats(), n);
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
}
