package io.adapt4j.core.internal.task.preference;

/** Contrastive preference optimization (CPO). */
public record Cpo(double beta, double alpha, double labelSmoothing)
    implements LossSettings, PairLoss {

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
