package io.adapt4j.core.preference;

/**
 * Simple preference optimization, on mean log-probabilities of a token. With an alpha it is
 * CPO-SimPO.
 *
 * @param beta multiplies the difference of both means, above 0
 * @param gamma the margin to reach, at least 0
 * @param labelSmoothing share of pairs that are taken to be the wrong way round, from 0 and below
 *     0.5
 * @param alpha weight of the cross-entropy of the chosen answers, at least 0
 */
public record SimPo(double beta, double gamma, double labelSmoothing, double alpha)
    implements PreferenceLoss {

  /**
   * Checks the values.
   *
   * @param beta above 0
   * @param gamma at least 0
   * @param labelSmoothing from 0 and below 0.5
   * @param alpha at least 0
   * @throws IllegalArgumentException if a value is out of range
   */
  public SimPo {
    Settings.requirePositive("beta", beta);
    Settings.requireNotNegative("gamma", gamma);
    Settings.requireSmoothing(labelSmoothing);
    Settings.requireNotNegative("alpha", alpha);
  }

  /**
   * Takes some pairs to be the wrong way round.
   *
   * @param share from 0 and below 0.5
   * @return a changed copy
   * @throws IllegalArgumentException if it is out of range
   */
  public SimPo labelSmoothing(double share) {
    return new SimPo(beta, gamma, share, alpha);
  }

  /**
   * Adds the cross-entropy of the chosen answers.
   *
   * @param weight at least 0
   * @return a changed copy
   * @throws IllegalArgumentException if it is negative
   */
  public SimPo alpha(double weight) {
    return new SimPo(beta, gamma, labelSmoothing, weight);
  }

  @Override
  public boolean usesReference() {
    return false;
  }
}
