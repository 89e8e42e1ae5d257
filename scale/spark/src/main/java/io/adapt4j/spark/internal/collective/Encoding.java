package io.adapt4j.spark.internal.collective;

/** Wire format of numbers. */
public enum Encoding {
  /** Unchanged. */
  FP32(Float.BYTES),

  /**
   * Rounded to 16 bits. The rounding error is added to the next value sent at the same position
   * (error feedback), so it is delayed rather than lost.
   */
  BF16(Short.BYTES);

  private final int bytes;

  Encoding(int bytes) {
    this.bytes = bytes;
  }

  /** {@return bytes per number} */
  public int bytes() {
    return bytes;
  }
}
