package io.adapt4j.kernels.internal;

import java.util.Arrays;

/**
 * The signed 8-bit dynamic code of bitsandbytes (Dettmers 2016, "8-Bit Approximations for
 * Parallelism in Deep Learning"): seven decades, each with twice as many numbers as the one below.
 */
final class DynamicCode {

  private static final int DECADES = 7;

  /** The 256 numbers, ascending from -0.993 to 1; do not modify. */
  static final float[] NUMBERS = numbers();

  private DynamicCode() {}

  private static float[] numbers() {
    float[] numbers = new float[256];
    int count = 0;
    for (int decade = 0; decade < DECADES; decade++) {
      float scale = (float) Math.pow(10, decade - (DECADES - 1));
      int intervals = 1 << decade;
      for (int i = 0; i < intervals; i++) {
        float middle = (boundary(i, intervals) + boundary(i + 1, intervals)) / 2;
        numbers[count++] = scale * middle;
        numbers[count++] = -scale * middle;
      }
    }
    numbers[count++] = 0;
    numbers[count] = 1;
    Arrays.sort(numbers);
    return numbers;
  }

  /** Returns PyTorch's linspace from 0.1 to 1 in floats, which counts from the nearer end. */
  private static float boundary(int index, int intervals) {
    float step = (1f - 0.1f) / intervals;
    return index < (intervals + 1) / 2
        ? Math.fma(step, index, 0.1f)
        : Math.fma(-step, intervals - index, 1f);
  }
}
