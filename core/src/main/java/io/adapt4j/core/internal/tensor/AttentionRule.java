package io.adapt4j.core.internal.tensor;

/**
 * How attention scores are made and which keys a query sees where no mask is given.
 *
 * @param scale multiplies the scores
 * @param softCap draws scores into (-softCap, softCap) as softCap tanh(score / softCap); 0 for none
 * @param causal whether a query sees only keys up to its own position
 * @param window how far a query sees: causal, that many keys, its own included; both ways, keys at
 *     most that far away; 0 for no limit
 */
public record AttentionRule(double scale, double softCap, boolean causal, long window) {

  /**
   * Checks the numbers.
   *
   * @param scale multiplies the scores
   * @param softCap at least 0
   * @param causal whether the future is hidden
   * @param window at least 0
   */
  public AttentionRule {
    if (softCap < 0 || window < 0) {
      throw new IllegalArgumentException(
          "softCap and window: expected at least 0, found " + softCap + " and " + window);
    }
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
