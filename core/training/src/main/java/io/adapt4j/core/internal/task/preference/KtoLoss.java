package io.adapt4j.core.internal.task.preference;

/** Loss of KTO. */
record KtoLoss(Kto kto) {

  /** The loss of an answer and its derivative. */
  record Term(double loss, double derivative) {}

  /** Returns the loss of an answer, given its log-ratio and the divergence. */
  Term term(double logRatio, double divergence, boolean desirable) {
    double x = kto.beta() * (logRatio - divergence);
    double slope = kto.beta() * Logistic.sigmoid(x) * Logistic.sigmoid(-x);
    return desirable
        ? new Term(kto.desirableWeight() * Logistic.sigmoid(-x), -kto.desirableWeight() * slope)
        : new Term(kto.undesirableWeight() * Logistic.sigmoid(x), kto.undesirableWeight() * slope);
  }
}
