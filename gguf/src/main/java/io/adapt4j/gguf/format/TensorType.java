package io.adapt4j.gguf.format;

import java.util.Arrays;
import java.util.Optional;

/** Storage type of a tensor's values: plain, or quantized in blocks along a row. */
public enum TensorType {
  /** 32-bit floating point. */
  F32(0, 1, 4),
  /** 16-bit floating point of IEEE 754. */
  F16(1, 1, 2),
  /** 4 bits, a scale for 32 values. */
  Q4_0(2, 32, 18),
  /** 4 bits, a scale and a minimum for 32 values. */
  Q4_1(3, 32, 20),
  /** 5 bits, a scale for 32 values. */
  Q5_0(6, 32, 22),
  /** 5 bits, a scale and a minimum for 32 values. */
  Q5_1(7, 32, 24),
  /** 8 bits, a scale for 32 values. */
  Q8_0(8, 32, 34),
  /** 4 bits, 8 blocks of 32 values with scales and minima of 6 bits. */
  Q4_K(12, 256, 144),
  /** 5 bits, 8 blocks of 32 values with scales and minima of 6 bits. */
  Q5_K(13, 256, 176),
  /** 6 bits, 16 blocks of 16 values with scales of 8 bits. */
  Q6_K(14, 256, 210),
  /** The upper half of a 32-bit floating-point number. */
  BF16(30, 1, 2),
  /** 4 bits, floating point, a power of two for 32 values: MXFP4 of the Open Compute Project. */
  MXFP4(39, 32, 17);

  private final int id;
  private final int blockSize;
  private final int blockBytes;

  TensorType(int id, int blockSize, int blockBytes) {
    this.id = id;
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
  }

  /**
   * Returns the type with a number used in files.
   *
   * @param id the number, {@code ggml_type}
   * @return the type; empty for an unsupported one
   */
  public static Optional<TensorType> of(int id) {
    return Arrays.stream(values()).filter(type -> type.id == id).findFirst();
  }

  /** {@return the number in files, {@code ggml_type}} */
  public int id() {
    return id;
  }

  /** {@return the number of values in a block, 1 for plain types} */
  public int blockSize() {
    return blockSize;
  }

  /** {@return the bytes of a block} */
  public int blockBytes() {
    return blockBytes;
  }

  /**
   * Returns the storage size of values.
   *
   * @param values number of values, a multiple of the block size
   * @return bytes
   * @throws IllegalArgumentException if the number is not a multiple of the block size
   */
  public long bytes(long values) {
    if (values % blockSize != 0) {
      throw new IllegalArgumentException(
          "values: expected a multiple of " + blockSize + " for " + this + ", found " + values);
    }
    return Math.multiplyExact(values / blockSize, (long) blockBytes);
  }
}
