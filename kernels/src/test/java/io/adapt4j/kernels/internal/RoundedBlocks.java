package io.adapt4j.kernels.internal;

/** Numbers rounded to 8 bits in blocks of 32, written plainly. */
final class RoundedBlocks {

  static final int SIZE = 32;

  private RoundedBlocks() {}

  /** The scale of the block that begins at an index. */
  static float scale(float[] values, int start) {
    return largest(values, start) / 127;
  }

  /** The code of the number at an index of the block that begins at {@code start}. */
  static int code(float[] values, int start, int index) {
    float largest = largest(values, start);
    return largest == 0 ? 0 : (int) Math.rint(values[start + index] * (127 / largest));
  }

  private static float largest(float[] values, int start) {
    float largest = 0;
    for (int i = 0; i < SIZE; i++) {
      largest = Math.max(largest, Math.abs(values[start + i]));
    }
    return largest;
  }

  /** What is left of numbers, whole blocks of them. */
  static float[] of(float[] values) {
    float[] rounded = new float[values.length];
    for (int start = 0; start < values.length; start += SIZE) {
      for (int i = 0; i < SIZE; i++) {
        rounded[start + i] = scale(values, start) * code(values, start, i);
      }
    }
    return rounded;
  }
}
