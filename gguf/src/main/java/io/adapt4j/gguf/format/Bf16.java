package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/** BF16: the upper half of a float, rounded to nearest even. */
final class Bf16 extends BlockFormat {

  private static final int INFINITY = 0x7F80;

  Bf16() {
    super(30, 1, Short.BYTES);
  }

  @Override
  void encode(float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
    for (int i = 0; i < blocks; i++) {
      int bits = Float.floatToRawIntBits(values[pos + i]);
      int rounded = (bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16;
      if ((rounded & INFINITY) == INFINITY) {
        throw new UnstorableValueException(i, "a magnitude that BF16 can hold", values[pos + i]);
      }
      Half.put(out, at + i * Short.BYTES, rounded);
    }
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    for (int i = 0; i < blocks; i++) {
      values[offset + i] = Float.intBitsToFloat(Half.get(source, at + i * Short.BYTES) << 16);
    }
  }
}
