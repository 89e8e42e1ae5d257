package io.adapt4j.core.internal.task.preference;

/** What KTO computes. */
record KtoLoss(Kto kto) {

  /** The term of an answer and its derivative. */
  record Term(double loss, double derivative) {}

  /** The term of an answer with a log-ratio, at a divergence. */
  Term term(double logRatio, double divergence, boolean desirable) {
    double x = kto.beta() * (logRatio - divergence);
    double slope = kto.beta() * Logistic.sigmoid(x) * Logistic.sigmoid(-x);
    return desirable
        ? new Term(kto.desirableWeight() * Logistic.sigmoid(-x), -kto.desirableWeight() * slope)
        : new Term(kto.undesirableWeight() * Logistic.sigmoid(x), kto.undesirableWeight() * slope);
  }
}
