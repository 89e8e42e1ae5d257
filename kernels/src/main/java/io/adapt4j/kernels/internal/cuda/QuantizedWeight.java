package io.adapt4j.kernels.internal.cuda;

import java.nio.ByteBuffer;

/**
 * A 4-bit matrix in host memory.
 *
 * @param rows outputs
 * @param columns inputs
 * @param blockSize weights that share a scale, a power of two
 * @param packed two codes a byte along the flattened matrix, the first in the high half
 * @param numbers what the 16 codes mean
 * @param scales one a block
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never changed
public record QuantizedWeight(
    int rows, int columns, int blockSize, ByteBuffer packed, float[] numbers, BlockScales scales) {

  /**
   * The scales of blocks: values[block], or where they are quantized themselves
   * numbers[codes[block]] * values[block / blockSize] + offset.
   *
   * @param values scales, or the scales of scales
   * @param codes null where scales are not quantized
   * @param numbers what the codes mean, 256; null without codes
   * @param blockSize scales that share a scale, a power of two; 1 without codes
   * @param offset 0 without codes
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never changed
  public record BlockScales(
      float[] values, byte[] codes, float[] numbers, int blockSize, float offset) {

    /**
     * Scales as floats.
     *
     * @param values one a block
     * @return the scales
     */
    public static BlockScales plain(float[] values) {
      return new BlockScales(values, null, null, 1, 0);
    }
  }

  long elements() {
    return (long) rows * columns;
  }
}
