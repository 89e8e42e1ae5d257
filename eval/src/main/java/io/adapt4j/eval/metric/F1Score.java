package io.adapt4j.eval.metric;

/**
 * Precision, recall and F1.
 *
 * @param precision share of the prediction that is in the reference
 * @param recall share of the reference that is in the prediction
 * @param f1 their harmonic mean
 */
public record F1Score(double precision, double recall, double f1) {

  /** Computes the score of a number of hits; the share of an empty text is 0. */
  static F1Score of(long hits, long predicted, long wanted) {
    double precision = (double) hits / Math.max(predicted, 1);
    double recall = (double) hits / Math.max(wanted, 1);
    double sum = precision + recall;
    return new F1Score(precision, recall, sum > 0 ? 2 * precision * recall / sum : 0);
  }

  F1Score plus(F1Score other) {
    return new F1Score(precision + other.precision, recall + other.recall, f1 + other.f1);
  }

  F1Score dividedBy(long rows) {
    double by = rows;
    return new F1Score(precision / by, recall / by, f1 / by);
  }
}
