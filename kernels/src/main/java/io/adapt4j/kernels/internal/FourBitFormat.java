package io.adapt4j.kernels.internal;

import java.util.Objects;

/**
 * How weights are held in 4 bits. Blocks run along the flattened tensor; the last one may be short.
 */
public record FourBitFormat(FourBitCode code, int blockSize, boolean doubleQuantized) {

  /** Scales that share their own scale. */
  public static final int SCALE_BLOCK = 256;

  /** The block sizes there are, for messages. */
  public static final String BLOCK_SIZES = "a power of two from 64 to 4096";

  /** Makes a format. */
  public FourBitFormat {
    Objects.requireNonNull(code, "code");
    requireBlockSize(blockSize);
  }

  /** Requires a size that blocks may have. */
  public static void requireBlockSize(int blockSize) {
    if (!isBlockSize(blockSize)) {
      throw new IllegalArgumentException(
          "blockSize: expected " + BLOCK_SIZES + ", found " + blockSize);
    }
  }

  /** Returns whether weights may share a scale in blocks of a size. */
  public static boolean isBlockSize(long size) {
    return size >= 64 && size <= 4096 && Long.bitCount(size) == 1;
  }

  /** Returns how many blocks a tensor has. */
  public long blocks(long elements) {
    return (elements + blockSize - 1) / blockSize;
  }

  /** Quantizes the scales of a tensor if this format does. */
  public Scales scales(float[] absmax) {
    return doubleQuantized ? NestedScales.of(absmax) : new PlainScales(absmax);
  }

  /** Describes the format. */
  public String description() {
    return code
        + " in blocks of "
        + blockSize
        + (doubleQuantized ? " with double quantization" : "");
  }
}
