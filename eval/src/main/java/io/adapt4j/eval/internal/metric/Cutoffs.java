package io.adapt4j.eval.internal.metric;

import java.util.Arrays;

/** Values of k for metrics at k. */
public final class Cutoffs {

  private Cutoffs() {}

  public static int find(int[] ks, int k) {
    for (int i = 0; i < ks.length; i++) {
      if (ks[i] == k) {
        return i;
      }
    }
    throw unknown(k, ks);
  }

  public static IllegalArgumentException unknown(int k, int[] ks) {
    return new IllegalArgumentException(
        "k = " + k + " was not counted, only " + Arrays.toString(ks));
  }
}
