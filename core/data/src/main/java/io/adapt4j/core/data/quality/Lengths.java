package io.adapt4j.core.data.quality;

import java.util.Arrays;

/** Statistics of row lengths in tokens. */
record Lengths(
    int rows, int limit, int over, double mean, int median, int p90, int p99, int longest) {

  static Lengths of(int[] tokens, int limit) {
    int[] sorted = tokens.clone();
    Arrays.sort(sorted);
    int over = (int) Arrays.stream(sorted).filter(length -> length > limit).count();
    return new Lengths(
        sorted.length,
        limit,
        over,
        Arrays.stream(sorted).average().orElse(0),
        at(sorted, 0.5),
        at(sorted, 0.9),
        at(sorted, 0.99),
        at(sorted, 1));
  }

  private static int at(int[] sorted, double share) {
    int index = (int) Math.ceil(sorted.length * share) - 1;
    return sorted.length == 0 ? 0 : sorted[Math.max(0, index)];
  }
}
