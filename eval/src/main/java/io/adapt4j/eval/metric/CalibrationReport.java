package io.adapt4j.eval.metric;

import java.util.List;

/**
 * Calibration of a model: how well its confidence matches its accuracy (Guo et al. 2017, "On
 * Calibration of Modern Neural Networks").
 *
 * @param expectedError the mean distance of confidence and accuracy, each bin weighted by its size
 * @param maximumError the largest distance of any bin
 * @param bins all bins, the least confident first, for a reliability diagram
 */
public record CalibrationReport(double expectedError, double maximumError, List<Bin> bins) {

  /** Copies the list. */
  public CalibrationReport {
    bins = List.copyOf(bins);
  }

  /**
   * Predictions of similar confidence.
   *
   * @param above the bin's lower end, exclusive (0 itself is in the first bin)
   * @param to its upper end, inclusive
   * @param count number of predictions in it
   * @param confidence their mean confidence; NaN without any
   * @param accuracy share of right predictions; NaN without any
   */
  public record Bin(double above, double to, long count, double confidence, double accuracy) {}
}
