package io.adapt4j.spark.internal.collective;

/** How numbers travel. */
public enum Encoding {
  /** As they are. */
  FP32(Float.BYTES),

  /**
   * Rounded to 16 bits. What rounding takes away is added to the next number sent from the same
   * place (error feedback), so that it is late rather than lost.
   */
  BF16(Short.BYTES);

  private final int bytes;

  Encoding(int bytes) {
    this.bytes = bytes;
  }

  /** {@return bytes a number} */
  public int bytes() {
    return bytes;
  }
}
