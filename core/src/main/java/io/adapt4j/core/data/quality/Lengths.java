package io.adapt4j.core.data.quality;

import java.util.Arrays;

/**
 * How long rows are, in tokens.
 *
 * @param rows how many rows were counted
 * @param limit the most tokens a sample may have
 * @param over rows with more
 * @param mean tokens on average
 * @param median half of the rows have at most so many
 * @param p90 90 % of the rows have at most so many
 * @param p99 99 % of the rows have at most so many
 * @param longest tokens of the longest row
 */
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
