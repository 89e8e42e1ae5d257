package io.adapt4j.eval.stats;

import java.util.Arrays;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Bootstrap of metrics: their variation over resamples of the rows with replacement (Efron 1979,
 * "Bootstrap Methods: Another Look at the Jackknife").
 *
 * <p>Intervals are percentile intervals (Efron and Tibshirani 1993, "An Introduction to the
 * Bootstrap", section 13.3) with linear interpolation between resampled metrics. The same seed
 * gives the same interval on any number of processors.
 *
 * @param resamples number of resamples; default 10,000
 * @param confidence confidence level; default 0.95
 * @param seed seed of the draws; default 0
 */
public record Bootstrap(int resamples, double confidence, long seed) {

  /** 10,000 resamples, 95 percent, seed 0. */
  public static final Bootstrap DEFAULT = new Bootstrap(10_000, 0.95, 0);

  /**
   * Checks the settings. Throws {@link IllegalArgumentException} if a number is out of its range.
   */
  public Bootstrap {
    if (resamples < 1 || !(confidence > 0 && confidence < 1)) {
      throw new IllegalArgumentException(
          "A bootstrap needs resamples from 1 and a confidence between 0 and 1, found %s and %s"
              .formatted(resamples, confidence));
    }
  }

  /**
   * Computes the interval of a mean.
   *
   * @param rows one metric per row, for instance 1 for a right answer, else 0
   * @return the interval
   * @throws IllegalArgumentException if there are no rows, or a metric is not finite
   */
  public ConfidenceInterval mean(double[] rows) {
    check("rows", rows);
    return interval(Arrays.stream(rows).average().orElseThrow(), means(rows));
  }

  /**
   * Computes the interval of any metric of a set of rows, for instance of BLEU.
   *
   * @param rows number of rows
   * @param statistic computes the metric of drawn rows from their indices, from 0; called by
   *     several threads at once; must not keep or change the array
   * @return the interval
   * @throws IllegalArgumentException if there are no rows
   */
  public ConfidenceInterval statistic(int rows, ToDoubleFunction<int[]> statistic) {
    requireRows(rows);
    return interval(statistic.applyAsDouble(all(rows)), drawn(rows, statistic));
  }

  /**
   * Computes the interval of the difference of any metric between two models, and its p-value, as
   * {@link #compare(double[], double[])} does for means.
   *
   * @param difference computes one model's metric of drawn rows minus the other's of the same rows;
   *     called by several threads at once; must not keep or change the array
   * @return the difference and its p-value; no single row wins, ties or loses
   * @throws IllegalArgumentException if there are no rows
   */
  public Comparison compare(int rows, ToDoubleFunction<int[]> difference) {
    requireRows(rows);
    double value = difference.applyAsDouble(all(rows));
    double[] drawn = drawn(rows, difference);
    return new Comparison(interval(value, drawn), pValue(value, drawn), 0, 0, 0);
  }

  private static int[] all(int rows) {
    return IntStream.range(0, rows).toArray();
  }

  private double[] drawn(int rows, ToDoubleFunction<int[]> metric) {
    return IntStream.range(0, resamples)
        .parallel()
        .mapToDouble(resample -> metric.applyAsDouble(draws(resample).indices(rows)))
        .toArray();
  }

  /**
   * Compares two models by the means of their rows (paired bootstrap: Koehn 2004, "Statistical
   * Significance Tests for Machine Translation Evaluation"). The p-value is two-sided, of the
   * differences moved to a mean of 0 (Efron and Tibshirani 1993, section 16.4), and never below 1 /
   * (resamples + 1).
   *
   * @param first one metric per row, higher is better
   * @param second the other model's metrics of the same rows in the same order
   * @return the comparison
   * @throws IllegalArgumentException if there are no rows, their numbers differ, or a metric is not
   *     finite
   */
  public Comparison compare(double[] first, double[] second) {
    check("first", first);
    check("second", second);
    requireSameLength(first.length, second.length);
    double[] differences = new double[first.length];
    Arrays.setAll(differences, i -> first[i] - second[i]);
    double difference = Arrays.stream(differences).average().orElseThrow();
    double[] drawn = means(differences);
    double pValue = pValue(difference, drawn);
    return new Comparison(
        interval(difference, drawn),
        pValue,
        Arrays.stream(differences).filter(value -> value > 0).count(),
        Arrays.stream(differences).filter(value -> value == 0).count(),
        Arrays.stream(differences).filter(value -> value < 0).count());
  }

  /**
   * Compares two models by the means of their rows, matched by id.
   *
   * @param first one model's values by id, higher is better
   * @param second the other model's values of the same ids, in any order
   * @return the comparison
   * @throws IllegalArgumentException if there are no rows, a value is not finite, or an id is only
   *     on one side
   */
  public Comparison compare(Map<String, Double> first, Map<String, Double> second) {
    requireAll(first, second);
    requireAll(second, first);
    return compare(
        first.values().stream().mapToDouble(Double::doubleValue).toArray(),
        first.keySet().stream().mapToDouble(second::get).toArray());
  }

  private static void requireAll(Map<String, Double> wanted, Map<String, Double> present) {
    int row = 0;
    for (String id : wanted.keySet()) {
      row++;
      if (!present.containsKey(id)) {
        throw new IllegalArgumentException(
            "Row " + row + " (id \"" + id + "\") of one model is missing from the other");
      }
    }
  }

  private static double pValue(double difference, double[] drawn) {
    long asFar =
        Arrays.stream(drawn)
            .filter(value -> Math.abs(value - difference) >= Math.abs(difference))
            .count();
    return (1.0 + asFar) / (1.0 + drawn.length);
  }

  private double[] means(double[] rows) {
    return IntStream.range(0, resamples)
        .parallel()
        .mapToDouble(resample -> draws(resample).mean(rows))
        .toArray();
  }

  private Draws draws(int resample) {
    return new Draws(seed, resample);
  }

  private ConfidenceInterval interval(double value, double[] drawn) {
    Arrays.sort(drawn);
    double outside = (1 - confidence) / 2;
    return new ConfidenceInterval(
        value, quantile(drawn, outside), quantile(drawn, 1 - outside), confidence);
  }

  private static double quantile(double[] sorted, double share) {
    double at = share * (sorted.length - 1);
    int below = (int) at;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
  }

  private static void check(String name, double[] rows) {
    requireRows(rows.length);
    for (int i = 0; i < rows.length; i++) {
      if (!Double.isFinite(rows[i])) {
        throw new IllegalArgumentException(
            "Row " + (i + 1) + " of " + name + " is " + rows[i] + "; leave the row out");
      }
    }
  }

  private static void requireRows(int rows) {
    if (rows < 1) {
      throw new IllegalArgumentException("A bootstrap of no rows is undefined; give at least one");
    }
  }

  static void requireSameLength(int first, int second) {
    if (first != second) {
      throw new IllegalArgumentException(
          ("The models have %s and %s rows: row %s is missing from one; a paired comparison"
                  + " needs both on every row")
              .formatted(first, second, Math.min(first, second) + 1));
    }
  }
}
