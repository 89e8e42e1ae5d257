package io.adapt4j.core.preference;

/**
 * Odds ratio preference optimization, on mean log-probabilities of a token.
 *
 * @param lambda weight of the odds ratio, above 0
 */
public record Orpo(double lambda) implements PreferenceLoss {

  /**
   * Checks the weight.
   *
   * @param lambda above 0
   * @throws IllegalArgumentException if it is not
   */
  public Orpo {
    Settings.requirePositive("lambda", lambda);
  }

  @Override
  public double beta() {
    return lambda;
  }

  @Override
  public boolean usesReference() {
    return false;
  }
}
