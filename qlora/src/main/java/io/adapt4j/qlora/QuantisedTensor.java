package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.StoredType;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * A tensor in 4 bits.
 *
 * @param quantization how it was quantised
 * @param numbers what the 16 codes mean
 * @param shape sizes before quantising
 * @param original the type before quantising: F32, F16 or BF16
 * @param packed two codes a byte along the flattened tensor, the first in the high half; from
 *     position 0, perhaps read-only or mapped from a file
 * @param scales one a block
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
record QuantisedTensor(
    Quantization quantization,
    float[] numbers,
    List<Long> shape,
    StoredType original,
    ByteBuffer packed,
    Scales scales) {

  QuantisedTensor {
    shape = List.copyOf(shape);
  }

  static long elements(List<Long> shape) {
    return shape.stream().reduce(1L, Math::multiplyExact);
  }

  /** The bytes that so many weights are packed into. */
  static long packedBytes(long elements) {
    return elements / 2 + elements % 2;
  }

  long elements() {
    return elements(shape);
  }

  /** The memory of codes, scales and the 16 numbers. */
  long bytes() {
    return packed.limit() + scales.bytes() + (long) numbers.length * Float.BYTES;
  }

  /** Outputs of a linear layer with this weight, [outputs, inputs]. */
  int rows() {
    requireMatrix();
    return Math.toIntExact(shape.get(0));
  }

  /** Inputs of a linear layer with this weight, [outputs, inputs]. */
  int columns() {
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
