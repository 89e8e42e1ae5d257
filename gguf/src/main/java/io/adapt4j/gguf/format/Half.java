package io.adapt4j.gguf.format;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** Conversion to and from IEEE 754 16-bit floating-point numbers. */
final class Half {

  /** The exponent of infinities and NaN. */
  static final int INFINITY = 0x7C00;

  /** The smallest normal number, 2^-14, as bits of a float. */
  private static final int MIN_NORMAL = 0x38800000;

  /** Bits of 65520, the smallest float that rounds to infinity. */
  private static final int INFINITE = 0x477FF000;

  private static final VarHandle BYTES =
      MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);

  private Half() {}

  /** Returns the nearest half of a finite float, with ties to even. */
  static int of(float value) {
    int sign = (Float.floatToRawIntBits(value) >>> 16) & 0x8000;
    int bits = Float.floatToRawIntBits(value) & 0x7FFFFFFF;
    if (bits >= INFINITE) {
      return sign | INFINITY;
    }
    if (bits < MIN_NORMAL) {
      // Above 0.5 floats are multiples of 2^-24 apart, as halves are here.
      return sign | (Float.floatToRawIntBits(Math.abs(value) + 0.5f) - 0x3F000000);
    }
    return sign | ((bits + 0xFFF + ((bits >> 13) & 1)) >> 13) - (112 << 10);
  }

  static float toFloat(int half) {
    int sign = (half & 0x8000) << 16;
    int magnitude = half & 0x7FFF;
    if (magnitude >= INFINITY) {
      return Float.intBitsToFloat(sign | 0x7F800000 | (magnitude & 0x3FF) << 13);
    }
    if (magnitude < 0x400) {
      float value = magnitude * 0x1p-24f;
      return sign == 0 ? value : -value;
    }
    return Float.intBitsToFloat(sign | ((magnitude << 13) + (112 << 23)));
  }

  static void put(byte[] target, int at, int half) {
    BYTES.set(target, at, (short) half);
  }

  static int get(byte[] source, int at) {
    return (short) BYTES.get(source, at) & 0xFFFF;
  }

  static float getFloat(byte[] source, int at) {
    return toFloat(get(source, at));
  }
}
