package io.adapt4j.kernels.internal;

import java.util.Objects;

/**
 * Storage format of 4-bit weights. Blocks run along the flattened tensor; the last one may be
 * short.
 */
public record FourBitFormat(FourBitCode code, int blockSize, boolean doubleQuantized) {

  /** Number of scales that share a second-level scale. */
  public static final int SCALE_BLOCK = 256;

  /** Description of the valid block sizes, for messages. */
  public static final String BLOCK_SIZES = "a power of two from 64 to 4096";

  public FourBitFormat {
    Objects.requireNonNull(code, "code");
    requireBlockSize(blockSize);
  }

  /** Requires a valid block size. */
  public static void requireBlockSize(int blockSize) {
    if (!isBlockSize(blockSize)) {
      throw new IllegalArgumentException(
          "blockSize: expected " + BLOCK_SIZES + ", found " + blockSize);
    }
  }

  /** Returns whether a block size is valid. */
  public static boolean isBlockSize(long size) {
    return size >= 64 && size <= 4096 && Long.bitCount(size) == 1;
  }

  /** Returns the number of blocks of a tensor. */
  public long blocks(long elements) {
    return (elements + blockSize - 1) / blockSize;
  }

  /** Quantizes the scales of a tensor if this format does. */
  public Scales scales(float[] absmax) {
    return doubleQuantized ? NestedScales.of(absmax) : new PlainScales(absmax);
  }

  public String description() {
    return code
        + " in blocks of "
        + blockSize
        + (doubleQuantized ? " with double quantization" : "");
  }
}
