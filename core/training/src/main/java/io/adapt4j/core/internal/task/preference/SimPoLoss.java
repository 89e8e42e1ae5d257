package io.adapt4j.core.internal.task.preference;

/** Pair loss of SimPO. */
record SimPoLoss(double beta, double gamma, double labelSmoothing, double alpha)
    implements PairLoss {

  @Override
  public boolean averages() {
    return true;
  }

  @Override
  public double likelihood() {
    return alpha;
  }

  @Override
  public Terms terms(double chosen, double rejected) {
    double z = beta * (chosen - rejected) - gamma;
    return Terms.logistic(z, beta, labelSmoothing);
  }
}
