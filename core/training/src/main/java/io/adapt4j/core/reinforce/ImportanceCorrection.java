package io.adapt4j.core.reinforce;

/**
 * Correction of the difference between the probabilities a token was sampled with and those that
 * training computes for the same weights, by the ratio of both (Yao et al. 2025). The term of a
 * token is multiplied by its ratio.
 *
 * @param form what happens to ratios above the limit
 * @param limit upper limit of ratios; above 0
 */
public record ImportanceCorrection(Form form, double limit) {

  /** Forms of the correction. */
  public enum Form {
    /** Ratio of each token, at most the limit. */
    TOKEN_TRUNCATED,
    /** Ratio of each token; tokens with a ratio above the limit teach nothing. */
    TOKEN_MASKED,
    /** Product of the ratios of a completion, at most the limit. */
    SEQUENCE_TRUNCATED,
    /** Product of the ratios of a completion; completions above the limit teach nothing. */
    SEQUENCE_MASKED
  }

  /** Checks the limit. Throws {@link IllegalArgumentException} if it is not above 0. */
  public ImportanceCorrection {
    Numbers.require(form != null, "form", "a form", "none");
    Numbers.requirePositive("limit", limit);
  }

  /**
   * Computes the weights of a completion's tokens.
   *
   * @param logRatios log-probability in training minus when sampled, of each token
   * @return a weight for each token, at least 0
   */
  public double[] weights(double[] logRatios) {
    double[] weights = new double[logRatios.length];
    double sum = 0;
    for (double logRatio : logRatios) {
      sum += logRatio;
    }
    boolean tokens = form == Form.TOKEN_TRUNCATED || form == Form.TOKEN_MASKED;
    boolean masked = form == Form.TOKEN_MASKED || form == Form.SEQUENCE_MASKED;
    for (int i = 0; i < weights.length; i++) {
      double ratio = Math.exp(tokens ? logRatios[i] : sum);
      weights[i] = ratio <= limit ? ratio : masked ? 0 : limit;
    }
    return weights;
  }
}
