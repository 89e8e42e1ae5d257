package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/** Q8_0: the scale in fp16, then 32 signed bytes. */
final class Q80 extends BlockFormat {

  private static final int VALUES = 32;
  private static final int BYTES = 34;

  /** Rounding term: adding 0.5 to a number slightly below one half would give 1. */
  private static final float BELOW_HALF = Math.nextDown(0.5f);

  Q80() {
    super(8, VALUES, BYTES);
  }

  @Override
  void encode(float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
    for (int block = 0; block < blocks; block++) {
      int from = pos + block * VALUES;
      int to = at + block * BYTES;
      int largest = 0; // magnitudes are ordered as their bits
      for (int i = 0; i < VALUES; i++) {
        largest = Math.max(largest, Float.floatToRawIntBits(values[from + i]) & Integer.MAX_VALUE);
      }
      float scale = Float.intBitsToFloat(largest) / 127;
      // Infinite below 2^-128, where the reference's levels are 0.
      float inverse = scale == 0 || Float.isInfinite(1 / scale) ? 0 : 1 / scale;
      Half.put(out, to, Half.of(scale));
      for (int i = 0; i < VALUES; i++) {
        // Ties away from zero.
        float scaled = values[from + i] * inverse;
        out[to + 2 + i] = (byte) (int) (scaled + Math.copySign(BELOW_HALF, scaled));
      }
    }
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    for (int block = 0; block < blocks; block++) {
      int from = at + block * BYTES;
      float scale = Half.getFloat(source, from);
      for (int i = 0; i < VALUES; i++) {
        values[offset + block * VALUES + i] = source[from + 2 + i] * scale;
      }
    }
  }

  @Override
  int[] scales() {
    return new int[] {0};
  }
}
