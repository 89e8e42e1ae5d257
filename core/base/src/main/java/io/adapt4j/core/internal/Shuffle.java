package io.adapt4j.core.internal;

import java.util.SplittableRandom;

/**
 * Permutations that are the same on every machine and Java version: a Fisher-Yates shuffle from the
 * last index to the first, each swapped with the next 64-bit output of SplitMix64, unsigned, modulo
 * the number of remaining indices.
 */
public final class Shuffle {

  private Shuffle() {}

  public static int[] permutation(int size, long seed) {
    int[] order = new int[size];
    for (int i = 0; i < size; i++) {
      order[i] = i;
    }
    SplittableRandom random = new SplittableRandom(seed);
    for (int last = size - 1; last > 0; last--) {
      int chosen = (int) Long.remainderUnsigned(random.nextLong(), last + 1L);
      int swapped = order[last];
      order[last] = order[chosen];
      order[chosen] = swapped;
    }
    return order;
  }

  /**
   * Returns the permutation of an epoch. The seed is mixed before the epoch is added, so that
   * nearby seeds do not share epochs.
   */
  public static int[] permutation(int size, long seed, int epoch) {
    return permutation(size, new SplittableRandom(seed).nextLong() + epoch);
  }
}
