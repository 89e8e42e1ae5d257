package io.adapt4j.eval.metric;

import io.adapt4j.eval.internal.metric.Rows;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Krippendorff's alpha, the agreement of several raters on the same items (Krippendorff 2011,
 * "Computing Krippendorff's Alpha-Reliability"): 1 is perfect agreement, 0 is chance, below 0 is
 * worse than chance. Values may be missing.
 *
 * <p>alpha = 1 - (n - 1) sum(o_ck d_ck) / sum(n_c n_k d_ck), over pairs of values c and k. An item
 * with m values adds 1 / (m - 1) to o_ck for each ordered pair of them, n_c = sum over k of o_ck,
 * and n = sum of n_c. The difference d_ck is
 *
 * <ul>
 *   <li>nominal: 1 for different values, else 0;
 *   <li>ordinal: the square of n_c / 2 + n_k / 2 + all n_g between c and k;
 *   <li>interval: (c - k) squared.
 * </ul>
 *
 * <p>Keeps one sum per pair of values.
 */
final class KrippendorffAlpha {

  private final Metrics.Level level;
  private final Map<Double, Map<Double, Double>> coincidences = new TreeMap<>();
  private long rows;

  /** Creates a metric without rows. */
  public KrippendorffAlpha(Metrics.Level level) {
    this.level = level;
  }

  /** Adds the ratings of one item. */
  public void add(List<Double> values) {
    for (double value : values) {
      if (!Double.isFinite(value)) {
        throw Rows.bad(rows + 1, "a value is " + value);
      }
    }
    rows++;
    double weight = 1.0 / (values.size() - 1);
    for (int i = 0; i < values.size(); i++) {
      for (int j = 0; j < values.size(); j++) {
        if (i != j) {
          count(values.get(i), values.get(j), weight);
        }
      }
    }
  }

  private void count(double value, double other, double weight) {
    coincidences
        .computeIfAbsent(value, unused -> new TreeMap<>())
        .merge(other, weight, Double::sum);
  }

  /** Adds all counts of another. */
  public void merge(KrippendorffAlpha other) {
    Rows.sameSettings(level, other.level);
    rows += other.rows;
    other.coincidences.forEach(
        (value, row) -> row.forEach((against, weight) -> count(value, against, weight)));
  }

  public double alpha() {
    Rows.some("Krippendorff's alpha", coincidences.size());
    List<Double> values = new ArrayList<>(new TreeSet<>(coincidences.keySet()));
    double[] totals =
        coincidences.values().stream()
            .mapToDouble(row -> row.values().stream().mapToDouble(w -> w).sum())
            .toArray();
    double all = 0;
    for (double total : totals) {
      all += total;
    }
    double observed = 0;
    double expected = 0;
    for (int c = 0; c < totals.length; c++) {
      Map<Double, Double> row = Objects.requireNonNull(coincidences.get(values.get(c)));
      for (int k = 0; k < totals.length; k++) {
        double difference = difference(values, totals, Math.min(c, k), Math.max(c, k));
        observed += row.getOrDefault(values.get(k), 0.0) * difference;
        expected += totals[c] * totals[k] * difference;
      }
    }
    return 1 - (all - 1) * observed / expected;
  }

  private double difference(List<Double> values, double[] totals, int low, int high) {
    if (low == high) {
      return 0;
    }
    return switch (level) {
      case NOMINAL -> 1;
      case ORDINAL -> square(between(totals, low, high));
      case INTERVAL -> square(values.get(high) - values.get(low));
    };
  }

  private static double between(double[] totals, int low, int high) {
    double sum = (totals[low] + totals[high]) / 2;
    for (int i = low + 1; i < high; i++) {
      sum += totals[i];
    }
    return sum;
  }

  private static double square(double value) {
    return value * value;
  }
}
