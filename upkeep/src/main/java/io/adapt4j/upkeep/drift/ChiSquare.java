package io.adapt4j.upkeep.drift;

import io.adapt4j.upkeep.internal.Distributions;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Pearson's chi-square test of whether two samples of categories have one distribution, and their
 * Jensen-Shannon distance.
 *
 * <p>Where expected counts are small (Cochran 1954: one below 1, or a fifth below 5), the p-value
 * is that of the statistic over random divisions of all rows into two samples of the same sizes,
 * which is valid for any counts.
 *
 * @param statistic the test statistic
 * @param pValue its p-value
 * @param jensenShannon square root of the Jensen-Shannon divergence in nats, from 0 to 0.83
 */
record ChiSquare(double statistic, double pValue, double jensenShannon) {

  private static final int RESAMPLES = 9_999;

  /** Rows up to which divisions are drawn; above, rare categories are joined. */
  private static final int RESAMPLED_ROWS = 20_000;

  private static final double SMALL = 5;

  static ChiSquare of(List<String> first, List<String> second, long seed) {
    Map<String, Integer> ids = new HashMap<>();
    int[] rows = new int[first.size() + second.size()];
    for (int i = 0; i < rows.length; i++) {
      String category = i < first.size() ? first.get(i) : second.get(i - first.size());
      rows[i] = ids.computeIfAbsent(category, absent -> ids.size());
    }
    int n = first.size();
    long[] ofFirst = counts(rows, n, ids.size());
    long[] all = counts(rows, rows.length, ids.size());
    double distance = jensenShannon(ofFirst, all);
    if (ids.size() < 2) {
      return new ChiSquare(0, 1, distance);
    }
    if (!isSmall(all, n, rows.length)) {
      return asymptotic(ofFirst, all, n, distance);
    }
    if (rows.length > RESAMPLED_ROWS) {
      return asymptotic(joined(ofFirst, all, n), joined(all, all, n), n, distance);
    }
    double statistic = statistic(ofFirst, all, n);
    return new ChiSquare(statistic, resampled(rows, all, n, statistic, seed), distance);
  }

  private static ChiSquare asymptotic(long[] ofFirst, long[] all, int n, double distance) {
    double statistic = statistic(ofFirst, all, n);
    return new ChiSquare(
        statistic,
        all.length < 2 ? 1 : Distributions.chiSquareTail(statistic, all.length - 1),
        distance);
  }

  private static long[] counts(int[] rows, int until, int categories) {
    long[] counts = new long[categories];
    for (int i = 0; i < until; i++) {
      counts[rows[i]]++;
    }
    return counts;
  }

  /** Expected count in the smaller sample. */
  private static double expected(long count, int n, long rows) {
    return (double) count * Math.min(n, rows - n) / rows;
  }

  private static boolean isSmall(long[] all, int n, int rows) {
    double least = Arrays.stream(all).mapToDouble(c -> expected(c, n, rows)).min().orElseThrow();
    long small = Arrays.stream(all).filter(c -> expected(c, n, rows) < SMALL).count();
    return least < 1 || small > 0.2 * all.length;
  }

  private static double statistic(long[] ofFirst, long[] all, int n) {
    double rows = Arrays.stream(all).sum();
    double sum = 0;
    for (int i = 0; i < all.length; i++) {
      double off = ofFirst[i] - all[i] * (n / rows);
      sum += all[i] == 0 ? 0 : off * off / all[i];
    }
    return sum * rows * rows / (n * (rows - n));
  }

  private static double resampled(int[] rows, long[] all, int n, double statistic, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int asFar = 0;
    for (int resample = 0; resample < RESAMPLES; resample++) {
      long[] drawn = new long[all.length];
      for (int i = 0; i < n; i++) {
        int other = i + random.nextInt(rows.length - i);
        int row = rows[other];
        rows[other] = rows[i];
        rows[i] = row;
        drawn[row]++;
      }
      asFar += statistic(drawn, all, n) >= statistic * (1 - 1e-12) ? 1 : 0;
    }
    return (1.0 + asFar) / (1 + RESAMPLES);
  }

  /** Joins categories with small expected counts into one. */
  private static long[] joined(long[] counts, long[] all, int n) {
    long rows = Arrays.stream(all).sum();
    long[] kept = new long[all.length + 1];
    int size = 0;
    long rest = 0;
    for (int i = 0; i < all.length; i++) {
      if (expected(all[i], n, rows) < SMALL) {
        rest += counts[i];
      } else {
        kept[size++] = counts[i];
      }
    }
    kept[size++] = rest;
    return Arrays.copyOf(kept, size);
  }

  private static double jensenShannon(long[] ofFirst, long[] all) {
    double first = Arrays.stream(ofFirst).sum();
    double second = Arrays.stream(all).sum() - first;
    double sum = 0;
    for (int i = 0; i < all.length; i++) {
      double p = ofFirst[i] / first;
      double q = (all[i] - ofFirst[i]) / second;
      sum += divergence(p, (p + q) / 2) + divergence(q, (p + q) / 2);
    }
    return Math.sqrt(Math.max(0, sum / 2));
  }

  private static double divergence(double p, double of) {
    return p == 0 ? 0 : p * Math.log(p / of);
  }
}
