package io.adapt4j.core.internal.data;

/** Sorts samples by length. */
final class LengthOrder {

  private LengthOrder() {}

  /** Sorts the samples [from, to), longest first, by a stable counting sort. */
  static int[] longestFirst(int[] samples, int from, int to, int[] lengths) {
    int longest = 0;
    for (int i = from; i < to; i++) {
      longest = Math.max(longest, lengths[samples[i]]);
    }
    int[] places = new int[longest + 2];
    for (int i = from; i < to; i++) {
      places[longest - lengths[samples[i]] + 1]++;
    }
    for (int i = 1; i < places.length; i++) {
      places[i] += places[i - 1];
    }
    int[] sorted = new int[to - from];
    for (int i = from; i < to; i++) {
      sorted[places[longest - lengths[samples[i]]]++] = samples[i];
    }
    return sorted;
  }
}
