package io.adapt4j.gguf.format;

/**
 * Packing of the levels of a block of 32 values: for 5-bit levels, first the fifth bits; then the
 * lower four, where byte i holds values i and i + 16.
 */
final class Levels {

  private static final int HALF = 16;

  private Levels() {}

  /** Truncates a number and caps it at the top; 0 beyond the integer range, like the reference. */
  static int of(float scaled, int top) {
    return scaled < 0x1p31f ? Math.min(top, (byte) (int) scaled) : 0;
  }

  static void put(int[] levels, byte[] target, int at, boolean hasFifthBit) {
    int low = at + (hasFifthBit ? Integer.BYTES : 0);
    int fifth = 0;
    for (int i = 0; i < HALF; i++) {
      int first = levels[i];
      int second = levels[i + HALF];
      target[low + i] = (byte) ((first & 15) | (second & 15) << 4);
      fifth |= (first >> 4 & 1) << i | (second >> 4 & 1) << (i + HALF);
    }
    if (hasFifthBit) {
      for (int i = 0; i < Integer.BYTES; i++) {
        target[at + i] = (byte) (fifth >>> (8 * i));
      }
    }
  }

  static void get(byte[] source, int at, boolean hasFifthBit, int[] levels) {
    int low = at;
    int fifth = 0;
    if (hasFifthBit) {
      low += Integer.BYTES;
      fifth = Half.get(source, at) | Half.get(source, at + 2) << 16;
    }
    for (int i = 0; i < HALF; i++) {
      levels[i] = (source[low + i] & 15) | (fifth >>> i & 1) << 4;
      levels[i + HALF] = (source[low + i] >> 4 & 15) | (fifth >>> (i + HALF) & 1) << 4;
    }
  }
}
