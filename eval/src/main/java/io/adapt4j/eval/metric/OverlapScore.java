package io.adapt4j.eval.metric;

/**
 * How much of one text is found in another.
 *
 * @param precision share of the prediction that is in the reference
 * @param recall share of the reference that is in the prediction
 * @param f1 their harmonic mean
 */
public record OverlapScore(double precision, double recall, double f1) {

  static final OverlapScore NOTHING = new OverlapScore(0, 0, 0);

  /** Scores so many hits; of an empty text the share is 0. */
  static OverlapScore of(long hits, long predicted, long wanted) {
    double precision = (double) hits / Math.max(predicted, 1);
    double recall = (double) hits / Math.max(wanted, 1);
    double sum = precision + recall;
    return new OverlapScore(precision, recall, sum > 0 ? 2 * precision * recall / sum : 0);
  }

  OverlapScore plus(OverlapScore other) {
    return new OverlapScore(precision + other.precision, recall + other.recall, f1 + other.f1);
  }

  OverlapScore dividedBy(long rows) {
    double by = rows;
    return new OverlapScore(precision / by, recall / by, f1 / by);
  }
}
