package io.adapt4j.kernels.internal;

import java.util.Arrays;

/** Search in a ascending table of numbers. */
final class Nearest {

  private Nearest() {}

  /**
   * Finds the number nearest to a value. Distances are compared as floats; of two equal ones the
   * first wins, as in bitsandbytes.
   */
  static int of(float[] ascending, float value) {
    int found = Arrays.binarySearch(ascending, value);
    if (found >= 0) {
      return found;
    }
    int above = -found - 1;
    if (above == 0) {
      return 0;
    }
    if (above == ascending.length) {
      return ascending.length - 1;
    }
    return Math.abs(value - ascending[above]) < Math.abs(value - ascending[above - 1])
        ? above
        : above - 1;
  }
}
