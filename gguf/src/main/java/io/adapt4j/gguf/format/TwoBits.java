package io.adapt4j.gguf.format;

/**
 * Packing of the lower two bits of a block's 256 levels: byte i of each half holds values i, i +
 * 32, i + 64 and i + 96.
 */
final class TwoBits {

  private static final int BYTES = 64;
  private static final int RUN = 32;
  private static final int PART = 16;

  private TwoBits() {}

  /** Packs levels of which value i of part j is at {@code rows[i][lane + j]}. */
  static void put(float[][] rows, int lane, byte[] target, int at) {
    for (int i = 0; i < BYTES; i++) {
      float[] row = rows[i % PART];
      int part = lane + i / RUN * 8 + i % RUN / PART;
      int packed = 0;
      for (int quarter = 0; quarter < 4; quarter++) {
        packed |= ((int) row[part + 2 * quarter] & 3) << (2 * quarter);
      }
      target[at + i] = (byte) packed;
    }
  }

  static int get(byte[] source, int at, int index) {
    return source[at + index / 128 * RUN + index % RUN] >> (index % 128 / RUN * 2) & 3;
  }
}
