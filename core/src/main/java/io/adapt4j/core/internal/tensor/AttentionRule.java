package io.adapt4j.core.internal.tensor;

/**
 * How attention scores are made and which keys a query sees where no mask is given.
 *
 * @param scale multiplies the scores
 * @param softCap draws scores into (-softCap, softCap) as softCap tanh(score / softCap); 0 for none
 * @param causal whether a query sees only keys up to its own position
 * @param window how far a query sees: causal, that many keys, its own included; both ways, keys at
 *     most that far away; 0 for no limit
 * @param alibi makes scores fall with the distance of the key, in head h of H (a power of 2) by
 *     2^(-alibi h / H) a token (Press et al. 2022); 0 for scores without such a bias
 */
public record AttentionRule(
    double scale, double softCap, boolean causal, long window, double alibi) {

  /**
   * Checks the numbers.
   *
   * @param scale multiplies the scores
   * @param softCap at least 0
   * @param causal whether the future is hidden
   * @param window at least 0
   * @param alibi at least 0; above 0 only where the rule is causal
   */
  public AttentionRule {
    if (softCap < 0 || window < 0) {
      throw new IllegalArgumentException(
          "softCap and window: expected at least 0, found " + softCap + " and " + window);
    }
    if (!(alibi >= 0) || (alibi > 0 && !causal)) {
      throw new IllegalArgumentException(
          "alibi: expected at least 0, and 0 where the future is seen, found " + alibi);
    }
  }

  /**
   * Makes a rule without a bias by distance.
   *
   * @param scale multiplies the scores
   * @param softCap at least 0
   * @param causal whether the future is hidden
   * @param window at least 0
   */
  public AttentionRule(double scale, double softCap, boolean causal, long window) {
    this(scale, softCap, causal, window, 0);
  }

  /**
   * Biases scores by the distance of the key.
   *
   * @param steepness of the slopes, 8 for most models
   * @return a changed copy
   */
  public AttentionRule withAlibi(double steepness) {
    return new AttentionRule(scale, softCap, causal, window, steepness);
  }

  /**
   * Makes the usual rule of a decoder.
   *
   * @param headDim entries a head, D
   * @return causal, without window or cap, scaled by 1 / sqrt(D)
   */
  public static AttentionRule causal(int headDim) {
    return new AttentionRule(1 / Math.sqrt(headDim), 0, true, 0);
  }

  /**
   * Makes the usual rule of an encoder.
   *
   * @param headDim entries a head, D
   * @param window the largest distance seen; 0 for no limit
   * @return both ways, without cap, scaled by 1 / sqrt(D)
   */
  public static AttentionRule bothWays(int headDim, long window) {
    return new AttentionRule(1 / Math.sqrt(headDim), 0, false, window);
  }
}
