package io.adapt4j.core.internal.task.preference;

/** Pair loss of CPO. */
record CpoLoss(double beta, double alpha, double labelSmoothing) implements PairLoss {

  @Override
  public double likelihood() {
    return alpha;
  }

  @Override
  public Terms terms(double chosen, double rejected) {
    double z = beta * (chosen - rejected);
    return Terms.logistic(z, beta, labelSmoothing);
  }
}
