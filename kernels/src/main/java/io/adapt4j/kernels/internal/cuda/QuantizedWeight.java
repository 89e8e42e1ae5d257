package io.adapt4j.kernels.internal.cuda;

import java.nio.ByteBuffer;

/**
 * A 4-bit matrix in host memory.
 *
 * @param packed two codes a byte along the flattened matrix, the first in the high half
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
public record QuantizedWeight(
    int rows, int columns, int blockSize, ByteBuffer packed, float[] numbers, BlockScales scales) {

  /**
   * The scales of blocks: values[block], or where they are quantized themselves
   * numbers[codes[block]] * values[block / blockSize] + offset.
   *
   * @param codes null where scales are not quantized
   * @param numbers what the codes mean, 256; null without codes
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
  public record BlockScales(
      float[] values, byte[] codes, float[] numbers, int blockSize, float offset) {

    /** Scales as floats. */
    public static BlockScales plain(float[] values) {
      return new BlockScales(values, null, null, 1, 0);
    }
  }

  long elements() {
    return (long) rows * columns;
  }
}
