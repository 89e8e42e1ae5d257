package io.adapt4j.kernels.internal.cuda;

import java.nio.ByteBuffer;

/**
 * A 4-bit matrix in host memory.
 *
 * @param packed two codes per byte along the flattened matrix, the first in the high half
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
public record QuantizedWeight(
    int rows, int columns, int blockSize, ByteBuffer packed, float[] numbers, BlockScales scales) {

  /**
   * Scales of blocks: values[block] or, if quantized, numbers[codes[block]] * values[block /
   * blockSize] + offset.
   *
   * @param codes null if scales are not quantized
   * @param numbers the 256 values of the codes; null without codes
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
  public record BlockScales(
      float[] values, byte[] codes, float[] numbers, int blockSize, float offset) {

    /** Creates float scales. */
    public static BlockScales plain(float[] values) {
      return new BlockScales(values, null, null, 1, 0);
    }
  }
}
