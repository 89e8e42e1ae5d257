package io.adapt4j.upkeep.drift;

import io.adapt4j.upkeep.internal.Distributions;
import java.util.Arrays;

/**
 * Two-sided Kolmogorov-Smirnov test of two samples, and their Wasserstein distance.
 *
 * <p>The p-value of small samples is exact given the ties among the values: of all orders of the
 * two samples' values, the share with a distance at least as large (Hodges 1958, "The Significance
 * Probability of the Smirnov Two-Sample Test"; ties after Schröer and Trenkler 1995). That of large
 * ones is Kolmogorov's limit.
 *
 * @param distance largest distance of the distribution functions
 * @param pValue its p-value
 * @param wasserstein area between the distribution functions, in standard deviations of the first
 *     sample
 */
record KolmogorovSmirnov(double distance, double pValue, double wasserstein) {

  /** Largest product of the samples' sizes for an exact p-value. */
  private static final long EXACT = 10_000_000;

  static KolmogorovSmirnov of(double[] first, double[] second) {
    double[] x = sorted(first);
    double[] y = sorted(second);
    int n = x.length;
    int m = y.length;
    boolean[] ends = new boolean[n + m + 1];
    long largest = 0;
    double area = 0;
    for (int i = 0, j = 0; i < n || j < m; ) {
      double value = j == m || (i < n && x[i] <= y[j]) ? x[i] : y[j];
      while (i < n && x[i] == value) {
        i++;
      }
      while (j < m && y[j] == value) {
        j++;
      }
      ends[i + j] = true;
      long apart = Math.abs((long) i * m - (long) j * n);
      largest = Math.max(largest, apart);
      if (i + j < n + m) {
        double next = Math.min(i < n ? x[i] : Double.MAX_VALUE, j < m ? y[j] : Double.MAX_VALUE);
        area += (next - value) * apart / n / m;
      }
    }
    double distance = (double) largest / n / m;
    double pValue =
        (long) n * m <= EXACT
            ? exact(n, m, largest, ends)
            : Distributions.kolmogorovTail(distance * Math.sqrt((double) n * m / (n + m)));
    double deviation = deviation(first);
    return new KolmogorovSmirnov(
        distance, pValue, deviation > 0 ? area / deviation : area == 0 ? 0 : Double.MAX_VALUE);
  }

  /**
   * Probability that a path of n steps to the right and m up, all paths being equally probable,
   * comes at least so far from the diagonal at the end of a group of ties.
   */
  private static double exact(int n, int m, long far, boolean[] ends) {
    double[] reached = new double[m + 1];
    for (int i = 0; i <= n; i++) {
      for (int j = 0; j <= m; j++) {
        if (ends[i + j] && Math.abs((long) i * m - (long) j * n) >= far) {
          reached[j] = 1;
        } else if (i + j > 0) {
          double left = i == 0 ? 0 : reached[j] * i;
          double below = j == 0 ? 0 : reached[j - 1] * j;
          reached[j] = (left + below) / (i + j);
        }
      }
    }
    return reached[m];
  }

  private static double deviation(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    return Math.sqrt(
        Arrays.stream(values).map(v -> (v - mean) * (v - mean)).average().orElseThrow());
  }

  private static double[] sorted(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted;
  }
}
