package io.adapt4j.core.internal.task.preference;

/** Odds ratio preference optimization (ORPO). */
public record Orpo(double lambda) implements LossSettings, PairLoss {

  /** Upper limit of mean log-probabilities, so that odds remain finite. */
  private static final double CERTAIN = -1e-9;

  @Override
  public double beta() {
    return lambda;
  }

  @Override
  public boolean averages() {
    return true;
  }

  @Override
  public double likelihood() {
    return 1;
  }

  @Override
  public boolean likelihoodCoversPrompt() {
    return true;
  }

  @Override
  public Terms terms(double chosen, double rejected) {
    double c = Math.min(chosen, CERTAIN);
    double r = Math.min(rejected, CERTAIN);
    double z = logOdds(c) - logOdds(r);
    double byOdds = -lambda * Logistic.sigmoid(-z);
    return new Terms(
        -lambda * Logistic.logSigmoid(z), byOdds / improbability(c), -byOdds / improbability(r));
  }

  private static double logOdds(double logProb) {
    return logProb - Math.log(improbability(logProb));
  }

  private static double improbability(double logProb) {
    return -Math.expm1(logProb);
  }
}
