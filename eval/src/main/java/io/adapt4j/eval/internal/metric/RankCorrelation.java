package io.adapt4j.eval.internal.metric;

import io.adapt4j.core.internal.metric.NumberErrors;

/**
 * Spearman's rank correlation, equal to SciPy: equal numbers share their mean rank. Ranks need all
 * rows, so it keeps 16 bytes per row.
 */
public final class RankCorrelation {

  private final Numbers truths = new Numbers();
  private final Numbers predictions = new Numbers();

  /** Creates a metric without rows. */
  public RankCorrelation() {}

  public void add(double truth, double predicted) {
    long row = truths.size() + 1L;
    Rows.finite(row, "the true number", truth);
    Rows.finite(row, "the predicted number", predicted);
    truths.add(truth);
    predictions.add(predicted);
  }

  /** Adds all rows of another. */
  public void merge(RankCorrelation other) {
    truths.addAll(other.truths);
    predictions.addAll(other.predictions);
  }

  public double spearman() {
    Rows.some("Spearman's correlation", truths.size());
    return NumberErrors.spearman(truths.toArray(), predictions.toArray());
  }
}
