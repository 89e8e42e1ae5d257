package io.adapt4j.core.preference;

/**
 * Kahneman-Tversky optimization: a wanted answer loses 1 - sigmoid(beta (h - z)), an unwanted one 1
 * - sigmoid(beta (z - h)), where h is its log-probability over that of the reference and z the mean
 * of that over mismatched prompts and answers of the batch, at least 0: an estimate of the
 * divergence from the reference, through which no gradient goes. The larger a batch, the better the
 * estimate.
 *
 * @param beta how closely the model is held to the reference, above 0
 * @param desirableWeight weight of wanted answers, above 0
 * @param undesirableWeight weight of unwanted answers, above 0
 * @param estimatesDivergence whether z is estimated; without, z is 0, which takes no mismatched
 *     answers (APO-zero of D'Oosterlinck et al. 2024 for unpaired answers)
 */
public record Kto(
    double beta, double desirableWeight, double undesirableWeight, boolean estimatesDivergence)
    implements PreferenceLoss {

  /**
   * Checks the values.
   *
   * @param beta above 0
   * @param desirableWeight above 0
   * @param undesirableWeight above 0
   * @param estimatesDivergence whether z is estimated
   * @throws IllegalArgumentException if a value is not above 0
   */
  public Kto {
    Settings.requirePositive("beta", beta);
    Settings.requirePositive("desirableWeight", desirableWeight);
    Settings.requirePositive("undesirableWeight", undesirableWeight);
  }

  /**
   * Weighs wanted and unwanted answers. Weight times number should be about equal: the paper keeps
   * the ratio of both between 1 and 4/3.
   *
   * @param desirable weight of wanted answers, above 0
   * @param undesirable weight of unwanted answers, above 0
   * @return a changed copy
   * @throws IllegalArgumentException if a weight is not above 0
   */
  public Kto weights(double desirable, double undesirable) {
    return new Kto(beta, desirable, undesirable, estimatesDivergence);
  }

  /**
   * Takes the divergence from the reference to be 0.
   *
   * @return a changed copy
   */
  public Kto withoutDivergence() {
    return new Kto(beta, desirableWeight, undesirableWeight, false);
  }

  @Override
  public boolean usesReference() {
    return true;
  }
}
