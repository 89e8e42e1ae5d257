package io.adapt4j.spark.internal.collective;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

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

  /**
   * Writes numbers in 16 bits.
   *
   * @param errors what rounding took away before; overwritten by what it takes away now
   */
  static void round(float[] values, float @Nullable [] errors, int count, ByteBuffer target) {
    ByteBuffer out = target.order(ByteOrder.nativeOrder());
    for (int i = 0; i < count; i++) {
      float wanted = errors == null ? values[i] : values[i] + errors[i];
      short rounded = bf16(wanted);
      out.putShort(rounded);
      if (errors != null) {
        float error = wanted - value(rounded);
        errors[i] = Float.isFinite(error) ? error : 0;
      }
    }
  }

  /** Reads numbers in 16 bits. */
  static void read(ByteBuffer source, float[] values, int count) {
    ByteBuffer in = source.order(ByteOrder.nativeOrder());
    for (int i = 0; i < count; i++) {
      values[i] = value(in.getShort());
    }
  }

  /** Rounds to the nearest, ties to even. */
  private static short bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  private static float value(short bf16) {
    return Float.intBitsToFloat(bf16 << 16);
  }
}
