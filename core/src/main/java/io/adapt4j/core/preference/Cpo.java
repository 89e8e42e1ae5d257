package io.adapt4j.core.preference;

/**
 * Contrastive preference optimization.
 *
 * @param beta multiplies the difference of log-probabilities, above 0
 * @param alpha weight of the cross-entropy of the chosen answers, at least 0
 * @param labelSmoothing share of pairs that are taken to be the wrong way round, from 0 and below
 *     0.5
 */
public record Cpo(double beta, double alpha, double labelSmoothing) implements PreferenceLoss {

  /**
   * Checks the values.
   *
   * @param beta above 0
   * @param alpha at least 0
   * @param labelSmoothing from 0 and below 0.5
   * @throws IllegalArgumentException if a value is out of range
   */
  public Cpo {
    Settings.requirePositive("beta", beta);
    Settings.requireNotNegative("alpha", alpha);
    Settings.requireSmoothing(labelSmoothing);
  }

  /**
   * Takes some pairs to be the wrong way round.
   *
   * @param share from 0 and below 0.5
   * @return a changed copy
   * @throws IllegalArgumentException if it is out of range
   */
  public Cpo labelSmoothing(double share) {
    return new Cpo(beta, alpha, share);
  }

  @Override
  public boolean usesReference() {
    return false;
  }
}
