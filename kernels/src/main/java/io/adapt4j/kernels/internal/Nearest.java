package io.adapt4j.kernels.internal;

import java.util.Arrays;

/** Nearest-value search in an ascending table. */
final class Nearest {

  private Nearest() {}

  /**
   * Returns the index of the number nearest to a value. Distances are compared as floats; the first
   * wins ties, as in bitsandbytes.
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
