package io.adapt4j.spark.internal.collective;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.ShortBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Rounding to 16 bits (bf16), to nearest even. Bits are accessed through memory and without
 * branches, so that the compiler vectorizes. Not thread-safe.
 */
final class Rounding {

  private static final int EXPONENT = 0x7f800000;
  private static final int QUIET = 0x00400000;
  private static final int UPPER = 0xffff0000;

  private final FloatBuffer floats;
  private final IntBuffer ints;
  private final float[] before;
  private final int[] bits;
  private final short[] halves;

  /** Allocates buffers. */
  Rounding(int most) {
    ByteBuffer memory =
        ByteBuffer.allocateDirect(most * Float.BYTES).order(ByteOrder.nativeOrder());
    this.floats = memory.asFloatBuffer();
    this.ints = memory.asIntBuffer();
    this.before = new float[most];
    this.bits = new int[most];
    this.halves = new short[most];
  }

  /** Rounds values, kept in 32 bits. */
  void round(float[] values, float @Nullable [] errors, int count) {
    if (errors != null) {
      for (int i = 0; i < count; i++) {
        values[i] += errors[i];
      }
    }
    toBits(values, count);
    for (int i = 0; i < count; i++) {
      int value = bits[i];
      int rounded = value + 0x7fff + ((value >>> 16) & 1);
      int notANumber = (EXPONENT - (value & Integer.MAX_VALUE)) >> 31;
      bits[i] = ((rounded & ~notANumber) | ((value | QUIET) & notANumber)) & UPPER;
    }
    if (errors == null) {
      toFloats(values, count);
      return;
    }
    System.arraycopy(values, 0, before, 0, count);
    toFloats(values, count);
    for (int i = 0; i < count; i++) {
      errors[i] = before[i] - values[i];
    }
    toBits(errors, count);
    for (int i = 0; i < count; i++) {
      bits[i] &= ((bits[i] & EXPONENT) - EXPONENT) >> 31;
    }
    toFloats(errors, count);
  }

  private void toBits(float[] values, int count) {
    floats.put(0, values, 0, count);
    ints.get(0, bits, 0, count);
  }

  private void toFloats(float[] values, int count) {
    ints.put(0, bits, 0, count);
    floats.get(0, values, 0, count);
  }

  /** Writes the upper halves of rounded numbers. */
  void write(float[] rounded, int count, ShortBuffer target) {
    toBits(rounded, count);
    for (int i = 0; i < count; i++) {
      halves[i] = (short) (bits[i] >>> 16);
    }
    target.put(halves, 0, count);
  }

  /** Reads numbers whose lower halves are zero. */
  void read(ShortBuffer source, float[] values, int count) {
    source.get(halves, 0, count);
    for (int i = 0; i < count; i++) {
      bits[i] = halves[i] << 16;
    }
    toFloats(values, count);
  }
}
