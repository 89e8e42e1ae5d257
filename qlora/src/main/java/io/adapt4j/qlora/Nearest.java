package io.adapt4j.qlora;

import java.util.Arrays;

/** Search in a rising table of numbers. */
final class Nearest {

  private Nearest() {}

  /**
   * Finds the number nearest to a value. Distances are compared as floats; of two equal ones the
   * first wins, as in bitsandbytes.
   */
  static int of(float[] rising, float value) {
    int found = Arrays.binarySearch(rising, value);
    if (found >= 0) {
      return found;
    }
    int above = -found - 1;
    if (above == 0) {
      return 0;
    }
    if (above == rising.length) {
      return rising.length - 1;
    }
    return Math.abs(value - rising[above]) < Math.abs(value - rising[above - 1])
        ? above
        : above - 1;
  }
}
