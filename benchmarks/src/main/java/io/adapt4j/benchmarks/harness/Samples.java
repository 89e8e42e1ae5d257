package io.adapt4j.benchmarks.harness;

import java.util.Arrays;
import java.util.Collection;
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

  /** Creates samples of at least one value. */
  public static Samples of(double... values) {
    if (values.length == 0) {
      throw new IllegalArgumentException("Expected at least one measurement, found none");
    }
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return new Samples(sorted);
  }

  public static Samples of(Collection<Double> values) {
    return of(values.stream().mapToDouble(Double::doubleValue).toArray());
  }

  /** Transforms each measurement, such as from seconds to a rate. */
  public Samples map(DoubleUnaryOperator function) {
    return of(Arrays.stream(sorted).map(function).toArray());
  }

  public int count() {
    return sorted.length;
  }

  /** Returns the middle value, or the mean of the middle two. */
  public double median() {
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  public double least() {
    return sorted[0];
  }

  public double most() {
    return sorted[sorted.length - 1];
  }

  /**
   * Returns how far the ends of the median's interval are from it: the larger distance to the order
   * statistics that enclose the true median with at least 95 %; with fewer than six measurements,
   * to the minimum and maximum of them.
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
   * Adds the error to a figure derived from the median: the same relative error, or none if there
   * is only one measurement.
   */
  public Measurement errorOf(Measurement figure) {
    if (count() == 1) {
      return figure;
    }
    return figure.plusMinus(Math.abs(figure.value()) * error() / Math.abs(median()));
  }

  /**
   * Returns the quotient of two medians. Its relative error is the root of the sum of the squares
   * of theirs, since they were measured independently.
   */
  public Measurement over(Samples other) {
    Measurement quotient = Measurement.largerRatio("ratio", median() / other.median());
    return count() == 1 && other.count() == 1
        ? quotient
        : quotient.plusMinus(
            quotient.value() * Math.hypot(error() / median(), other.error() / other.median()));
  }

  /** Returns a peer with these as its figure, and the ratio of a measurement to it. */
  public Peer of(Peer peer, Measurement ratio) {
    Measurement figure = larger(peer.name(), "");
    return peer.measured(figure.value(), figure.error(), ratio.value(), ratio.error());
  }

  /** Returns the median as a figure that should be large. */
  public Measurement larger(String name, String unit) {
    return errorOf(Measurement.larger(name, unit, median()));
  }

  /** Returns the median as a figure that should be small. */
  public Measurement smaller(String name, String unit) {
    return errorOf(Measurement.smaller(name, unit, median()));
  }

  /** Returns the median of ratios that should be large. */
  public Measurement largerRatio(String name) {
    return errorOf(Measurement.largerRatio(name, median()));
  }

  /** Returns the median of ratios that should be small. */
  public Measurement smallerRatio(String name) {
    return errorOf(Measurement.smallerRatio(name, median()));
  }
}
