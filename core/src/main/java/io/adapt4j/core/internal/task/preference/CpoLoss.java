package io.adapt4j.core.internal.task.preference;

/** What {@code Cpo} computes. */
record CpoLoss(double beta, double alpha, double labelSmoothing) implements PairLoss {

  @Override
  public boolean usesReference() {
    return false;
  }

  @Override
  public boolean averages() {
    return false;
  }

  @Override
  public double likelihood() {
    return alpha;
  }

  @Override
  public boolean likelihoodCoversPrompt() {
    return false;
  }

  @Override
  public Terms terms(double chosen, double rejected) {
    double z = beta * (chosen - rejected);
    return Terms.ofDifference(
        Logistic.smoothed(z, labelSmoothing),
        beta * Logistic.smoothedDerivative(z, labelSmoothing));
  }
}
