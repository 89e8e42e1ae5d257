package io.adapt4j.core.internal.merge;

/** Selection of the values of largest magnitude, in linear time and without a sorted copy. */
final class Magnitudes {

  private static final int HIGH = 15;
  private static final int LOW = Integer.SIZE - 1 - HIGH;

  private Magnitudes() {}

  /** Returns the magnitude's bits, which are in the order of the magnitudes. */
  static int bits(float value) {
    return Float.floatToRawIntBits(value) & Integer.MAX_VALUE;
  }

  /** Marks the largest values; of equal ones the first. */
  static boolean[] largest(float[] values, int count) {
    boolean[] chosen = new boolean[values.length];
    if (count <= 0) {
      return chosen;
    }
    int[] high = new int[1 << HIGH];
    for (float value : values) {
      high[bits(value) >>> LOW]++;
    }
    int[] place = place(high, count);
    int[] low = new int[1 << LOW];
    for (float value : values) {
      if (bits(value) >>> LOW == place[0]) {
        low[bits(value) & ((1 << LOW) - 1)]++;
      }
    }
    int[] exact = place(low, place[1]);
    int threshold = place[0] << LOW | exact[0];
    int equal = exact[1];
    for (int i = 0; i < values.length; i++) {
      int bits = bits(values[i]);
      chosen[i] = bits > threshold || (bits == threshold && equal-- > 0);
    }
    return chosen;
  }

  /** Finds the bucket of the value at a rank from above, and its rank in the bucket. */
  private static int[] place(int[] counts, int rank) {
    int left = rank;
    for (int bucket = counts.length - 1; bucket > 0; bucket--) {
      if (left <= counts[bucket]) {
        return new int[] {bucket, left};
      }
      left -= counts[bucket];
    }
    return new int[] {0, left};
  }
}
