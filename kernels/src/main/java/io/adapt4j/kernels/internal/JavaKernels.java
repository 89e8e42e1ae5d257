package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.checkpoint.StoredType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;

/** The reference implementation. Sums of products are accumulated in double. */
public final class JavaKernels implements FourBitKernels {

  /** The stateless singleton. */
  public static final JavaKernels INSTANCE = new JavaKernels();

  private JavaKernels() {}

  @Override
  public String name() {
    return "java";
  }

  /** Number of values decoded at a time: a multiple of every block size. */
  private static final int RUN = 1 << 16;

  @Override
  public boolean quantize(
      FourBitFormat format,
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
      int runBlock = block + first / format.blockSize();
      quantize(format, run, length, packed, absmax, runBlock);
    }
    return true;
  }

  /** Quantizes finite values in the same way. */
  public void quantize(
      FourBitFormat format,
      float[] values,
      int count,
      ByteBuffer packed,
      float[] absmax,
      int block) {
    int size = format.blockSize();
    int firstByte = packed.position();
    IntStream.range(0, (count + size - 1) / size)
        .parallel()
        .forEach(
            i -> {
              int start = i * size;
              int end = Math.min(count, start + size);
              float largest = largest(values, start, end);
              absmax[block + i] = largest;
              pack(format.code(), values, start, end, largest, packed, firstByte);
            });
    packed.position(firstByte + (int) QuantizedTensor.packedBytes(count));
  }

  /** Returns the largest magnitude of a block. */
  public static float largest(float[] values, int start, int end) {
    float largest = 0;
    for (int i = start; i < end; i++) {
      largest = Math.max(largest, Math.abs(values[i]));
    }
    return largest;
  }

  /** Packs codes; blocks begin at even indices, so that no byte belongs to two of them. */
  private static void pack(
      FourBitCode type,
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
  public void dequantize(QuantizedTensor tensor, long first, float[] target, int count) {
    JavaMatrix.dequantize(tensor, first, target, count);
  }

  @Override
  public FourBitMatrix matrix(QuantizedTensor tensor) {
    return new JavaMatrix(tensor);
  }
}
