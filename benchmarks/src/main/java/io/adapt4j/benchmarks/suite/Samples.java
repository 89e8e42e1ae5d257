package io.adapt4j.benchmarks.suite;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * Repeated measurements of one quantity: their median, which is robust to outliers, and a
 * distribution-free confidence interval for it (Conover, <i>Practical Nonparametric Statistics</i>,
 * 3rd ed., section 3.2). Immutable.
 */
public final class Samples {

  private static final double COVERAGE = 0.95;

  private final double[] sorted;

  private Samples(double[] sorted) {
    this.sorted = sorted;
  }

  /**
   * Creates samples.
   *
   * @param values at least one
   * @return the samples
   */
  public static Samples of(double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("Expected at least one measurement, found none");
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return new Samples(sorted);
  }

  /**
   * Transforms each measurement.
   *
   * @param function such as from seconds to a rate
   * @return the samples
   */
  public Samples map(DoubleUnaryOperator function) {
    return of(Arrays.stream(sorted).map(function).toArray());
  }

  /**
   * Returns the number of measurements.
   *
   * @return at least 1
   */
  public int count() {
    return sorted.length;
  }

  /**
   * Returns the median.
   *
   * @return the middle one, or the mean of the middle two
   */
  public double median() {
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  /** {@return the smallest value} */
  public double least() {
    return sorted[0];
  }

  /**
   * Returns the largest value.
   *
   * @return the largest value
   */
  public double most() {
    return sorted[sorted.length - 1];
  }

  /**
   * Returns how far the ends of the interval are from the median.
   *
   * @return the larger distance to the order statistics that enclose the true median with at least
   *     95 %; with fewer than six measurements, to the minimum and maximum of them
   */
  public double error() {
    int low = lowRank();
    double median = median();
    return Math.max(median - sorted[low], sorted[sorted.length - 1 - low] - median);
  }

  /** The largest rank r, from 0, so that ranks r and n - 1 - r enclose the median often enough. */
  private int lowRank() {
    int n = sorted.length;
    double probability = Math.pow(0.5, n);
    double outside = probability;
    int rank = 0;
    while (rank + 1 < n - 1 - rank) {
      probability *= (double) (n - rank) / (rank + 1);
      if (1 - 2 * (outside + probability) < COVERAGE) {
        break;
      }
      outside += probability;
      rank++;
    }
    return rank;
  }

  /**
   * Adds the error to a measurement.
   *
   * @param figure a measurement derived from the median
   * @return the measurement with the same relative error as the median; without one if there is
   *     only one measurement
   */
  public Measurement errorOf(Measurement figure) {
    if (count() == 1) {
      return figure;
    }
    return figure.plusMinus(Math.abs(figure.value()) * error() / Math.abs(median()));
  }
}
