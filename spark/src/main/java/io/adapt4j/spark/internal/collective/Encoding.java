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
    short[] rounded = new short[count];
    if (errors == null) {
      for (int i = 0; i < count; i++) {
        rounded[i] = bf16(values[i]);
      }
    } else {
      for (int i = 0; i < count; i++) {
        float wanted = values[i] + errors[i];
        rounded[i] = bf16(wanted);
        float error = wanted - value(rounded[i]);
        errors[i] = Math.abs(error) < Float.POSITIVE_INFINITY ? error : 0;
      }
    }
    target.order(ByteOrder.nativeOrder()).asShortBuffer().put(rounded);
    target.position(target.position() + count * Short.BYTES);
  }

  /** Reads numbers in 16 bits. */
  static void read(ByteBuffer source, float[] values, int count) {
    short[] rounded = new short[count];
    source.order(ByteOrder.nativeOrder()).asShortBuffer().get(rounded);
    source.position(source.position() + count * Short.BYTES);
    for (int i = 0; i < count; i++) {
      values[i] = value(rounded[i]);
    }
  }

  /** Rounds to the nearest, ties to even. */
  private static short bf16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.isNaN(value)
        ? (short) ((bits >>> 16) | 0x40)
        : (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  private static float value(short bf16) {
    return Float.intBitsToFloat(bf16 << 16);
  }
}
