package io.adapt4j.core.internal.task.preference;

/** Kahneman-Tversky optimization (KTO). */
public record Kto(
    double beta, double desirableWeight, double undesirableWeight, boolean estimatesDivergence)
    implements LossSettings {

  /** The loss of an answer and its derivative. */
  record Term(double loss, double derivative) {}

  /** Returns the loss of an answer, given its log-ratio and the divergence. */
  Term term(double logRatio, double divergence, boolean desirable) {
    double x = beta * (logRatio - divergence);
    double slope = beta * Logistic.sigmoid(x) * Logistic.sigmoid(-x);
    return desirable
        ? new Term(desirableWeight * Logistic.sigmoid(-x), -desirableWeight * slope)
        : new Term(undesirableWeight * Logistic.sigmoid(x), undesirableWeight * slope);
  }
}
