package io.adapt4j.gguf.format;

/**
 * NVFP4: four unsigned scales of four exponent and three mantissa bits, then for each 16 numbers of
 * one sign, two exponent and one mantissa bit.
 */
final class Nvfp4 extends BlockFormat.ReadOnly {

  private static final int VALUES = 64;
  private static final int PART = 16;
  private static final int PARTS = VALUES / PART;
  private static final int HALF = PART / 2;

  /** Twice the numbers; there is no negative zero. */
  private static final int[] NUMBERS = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

  Nvfp4() {
    super(40, VALUES, 36);
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    for (int part = 0; part < blocks * PARTS; part++) {
      int block = at + part / PARTS * bytes();
      float scale = halfScale(source[block + part % PARTS]);
      int from = block + PARTS + part % PARTS * HALF;
      int to = offset + part * PART;
      for (int i = 0; i < HALF; i++) {
        values[to + i] = NUMBERS[source[from + i] & 15] * scale;
        values[to + HALF + i] = NUMBERS[source[from + i] >> 4 & 15] * scale;
      }
    }
  }

  /** Returns half of a scale; the code of NaN is 0 in the reference, and the highest bit unused. */
  private static float halfScale(int code) {
    int exponent = code >> 3 & 15;
    int mantissa = code & 7;
    if ((code & 0xFF) == 127) {
      return 0;
    }
    return exponent == 0
        ? Math.scalb((float) mantissa, -10)
        : Math.scalb(1 + mantissa / 8f, exponent - 8);
  }
}
