package io.adapt4j.kernels.internal;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A tensor in 4 bits.
 *
 * @param packed two codes per byte along the flattened tensor, the first in the high half; from
 *     position 0, possibly read-only or memory-mapped
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
public record QuantizedTensor(
    FourBitFormat format, float[] numbers, List<Long> shape, ByteBuffer packed, Scales scales) {

  public QuantizedTensor {
    shape = List.copyOf(shape);
  }

  /** Returns the number of weights of a shape. */
  public static long elements(List<Long> shape) {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  /** Returns the size of codes in bytes: half a byte each, rounded up. */
  public static long packedBytes(long elements) {
    return elements / 2 + elements % 2;
  }

  /** Returns the number of weights. */
  public long elements() {
    return elements(shape);
  }

  /** {@return the memory of codes, scales and the 16 numbers} */
  public long bytes() {
    return packed.limit() + scales.bytes() + (long) numbers.length * Float.BYTES;
  }

  /** Returns the outputs of a linear layer with this weight, [outputs, inputs]. */
  public int rows() {
    requireMatrix();
    return Math.toIntExact(shape.get(0));
  }

  /** Returns the inputs of a linear layer with this weight, [outputs, inputs]. */
  public int columns() {
    requireMatrix();
    return Math.toIntExact(shape.get(1));
  }

  private void requireMatrix() {
    if (shape.size() != 2) {
      throw new IllegalArgumentException(
          "shape: expected two dimensions, [outputs, inputs], found " + shape);
    }
  }
}
