package io.adapt4j.core.internal;

import java.util.SplittableRandom;

/**
 * Permutations that are the same on every machine and Java version: a Fisher-Yates shuffle, from
 * the last place to the first, each place swapped with one drawn as the next 64-bit output of
 * SplitMix64, unsigned, modulo the number of places left.
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

  /** Mixes the seed before adding the epoch, so that near seeds do not share epochs. */
  public static int[] permutation(int size, long seed, int epoch) {
    return permutation(size, new SplittableRandom(seed).nextLong() + epoch);
  }
}
