package io.adapt4j.kernels.internal;

import java.util.Arrays;

/** {@link Nearest} for the few values of a 4-bit format, by table lookup. */
final class NearestTable {

  /** Buckets per unit of [-1, 1]: narrow enough to contain at most one boundary. */
  private static final int PER_UNIT = 32;

  /** The code at the start of each bucket. */
  private final byte[] atStart = new byte[2 * PER_UNIT + 1];

  /** The largest value that rounds to each code. */
  private final float[] upTo;

  /**
   * Creates a table.
   *
   * @param ascending numbers from -1 to 1
   */
  NearestTable(float[] ascending) {
    upTo = new float[ascending.length];
    for (int i = 0; i < ascending.length; i++) {
      upTo[i] = i + 1 < ascending.length ? last(ascending, i) : Float.POSITIVE_INFINITY;
    }
    for (int bucket = 0; bucket < atStart.length; bucket++) {
      atStart[bucket] = (byte) Nearest.of(ascending, (float) bucket / PER_UNIT - 1);
    }
  }

  private static float last(float[] ascending, int index) {
    float low = ascending[index];
    float high = ascending[index + 1];
    while (Math.nextUp(low) < high) {
      float middle = low + (high - low) / 2;
      if (Nearest.of(ascending, middle) == index) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Returns the largest value that rounds to each code except the last. */
  float[] limits() {
    return Arrays.copyOf(upTo, upTo.length - 1);
  }

  /** Returns the code of a value in [-1, 1]. */
  int of(float value) {
    int found = atStart[(int) ((value + 1) * PER_UNIT)];
    return value > upTo[found] ? found + 1 : found;
  }
}
