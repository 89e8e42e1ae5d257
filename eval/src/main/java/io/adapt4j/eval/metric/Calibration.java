package io.adapt4j.eval.metric;

import io.adapt4j.eval.internal.metric.Rows;
import io.adapt4j.eval.internal.metric.probability.ProbabilityRow;
import java.util.ArrayList;
import java.util.List;

/**
 * Expected and maximum calibration error over bins of equal width (Naeini, Cooper and Hauskrecht
 * 2015, "Obtaining Well Calibrated Probabilities Using Bayesian Binning"; Guo et al. 2017, "On
 * Calibration of Modern Neural Networks", equation 3). Keeps three sums per bin.
 */
final class Calibration {

  private static final int DEFAULT_BINS = 15;

  private final long[] counts;
  private final double[] confidences;
  private final long[] right;
  private long rows;

  /** Creates a metric with 15 bins, as in Guo et al. */
  public Calibration() {
    this(DEFAULT_BINS);
  }

  public Calibration(int bins) {
    if (bins < 1) {
      throw new IllegalArgumentException("bins is " + bins + "; give at least 1");
    }
    counts = new long[bins];
    confidences = new double[bins];
    right = new long[bins];
  }

  public void add(double confidence, boolean correct) {
    Rows.probability(rows + 1, "the confidence", confidence);
    rows++;
    int bin = Math.max(0, (int) Math.ceil(confidence * counts.length) - 1);
    counts[bin]++;
    confidences[bin] += confidence;
    right[bin] += correct ? 1 : 0;
  }

  /** Adds a row of a classifier, whose prediction is its most likely class. */
  public void add(int truth, double[] probabilities) {
    ProbabilityRow.check(rows + 1, truth, probabilities, probabilities.length);
    int best = 0;
    for (int i = 1; i < probabilities.length; i++) {
      best = probabilities[i] > probabilities[best] ? i : best;
    }
    add(probabilities[best], best == truth);
  }

  /** Adds all counts of another. */
  public void merge(Calibration other) {
    Rows.sameSettings(counts.length, other.counts.length);
    rows += other.rows;
    for (int i = 0; i < counts.length; i++) {
      counts[i] += other.counts[i];
      confidences[i] += other.confidences[i];
      right[i] += other.right[i];
    }
  }

  /** Returns the bins, for a reliability diagram. */
  public List<CalibrationReport.Bin> bins() {
    List<CalibrationReport.Bin> bins = new ArrayList<>();
    double width = counts.length;
    for (int i = 0; i < counts.length; i++) {
      double count = counts[i];
      bins.add(
          new CalibrationReport.Bin(
              i / width, (i + 1) / width, counts[i], confidences[i] / count, right[i] / count));
    }
    return bins;
  }

  /** Returns the mean distance of confidence and accuracy, weighted by the bins' sizes. */
  public double expectedError() {
    Rows.some("The calibration error", rows);
    double sum = 0;
    for (int i = 0; i < counts.length; i++) {
      sum += Math.abs(confidences[i] - right[i]);
    }
    return sum / rows;
  }

  /** Returns the largest distance of confidence and accuracy of a bin. */
  public double maximumError() {
    Rows.some("The calibration error", rows);
    return bins().stream()
        .filter(bin -> bin.count() > 0)
        .mapToDouble(bin -> Math.abs(bin.confidence() - bin.accuracy()))
        .max()
        .orElseThrow();
  }
}
