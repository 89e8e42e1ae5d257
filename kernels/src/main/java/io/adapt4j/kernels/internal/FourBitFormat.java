package io.adapt4j.kernels.internal;

import java.util.Objects;

/**
 * How weights are held in 4 bits. Blocks run along the flattened tensor; the last one may be short.
 *
 * @param code what the 16 codes mean
 * @param blockSize weights that share a scale: a power of two from 64 to 4096
 * @param doubleQuantized whether the scales themselves are stored in 8 bits, in blocks of {@value
 *     #SCALE_BLOCK} after their mean is subtracted (QLoRA, section 3)
 */
public record FourBitFormat(FourBitCode code, int blockSize, boolean doubleQuantized) {

  /** Scales that share their own scale. */
  public static final int SCALE_BLOCK = 256;

  /** The block sizes there are, for messages. */
  public static final String BLOCK_SIZES = "a power of two from 64 to 4096";

  /**
   * Makes a format.
   *
   * @param code what the 16 codes mean
   * @param blockSize weights that share a scale
   * @param doubleQuantized whether the scales are stored in 8 bits
   * @throws IllegalArgumentException if the block size is not a power of two from 64 to 4096
   */
  public FourBitFormat {
    Objects.requireNonNull(code, "code");
    requireBlockSize(blockSize);
  }

  /**
   * Requires a size that blocks may have.
   *
   * @param blockSize weights that share a scale
   * @throws IllegalArgumentException if it is none of {@link #BLOCK_SIZES}
   */
  public static void requireBlockSize(int blockSize) {
    if (!isBlockSize(blockSize)) {
      throw new IllegalArgumentException(
          "blockSize: expected " + BLOCK_SIZES + ", found " + blockSize);
    }
  }

  /**
   * Returns whether weights may share a scale in blocks of a size.
   *
   * @param size weights in a block
   * @return whether it is one of {@link #BLOCK_SIZES}
   */
  public static boolean isBlockSize(long size) {
    return size >= 64 && size <= 4096 && Long.bitCount(size) == 1;
  }

  /**
   * Returns how many blocks a tensor has.
   *
   * @param elements weights of the tensor
   * @return the blocks, of which the last may be short
   */
  public long blocks(long elements) {
    return (elements + blockSize - 1) / blockSize;
  }

  /**
   * Quantizes the scales of a tensor if this format does.
   *
   * @param absmax one a block; belongs to the result
   * @return the scales
   */
  public Scales scales(float[] absmax) {
    return doubleQuantized ? NestedScales.of(absmax) : new PlainScales(absmax);
  }

  /**
   * Describes the format.
   *
   * @return words for logs and messages
   */
  public String description() {
    return code
        + " in blocks of "
        + blockSize
        + (doubleQuantized ? " with double quantization" : "");
  }
}
