package io.adapt4j.core.internal.task.preference;

/** Simple preference optimization (SimPO). */
public record SimPo(double beta, double gamma, double labelSmoothing, double alpha)
    implements LossSettings, PairLoss {

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
