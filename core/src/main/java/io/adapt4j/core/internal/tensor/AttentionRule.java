package io.adapt4j.core.internal.tensor;

/**
 * How attention scores are made and which keys a query sees where no mask is given.
 *
 * @param softCap draws scores into (-softCap, softCap) as softCap tanh(score / softCap); 0 for none
 * @param window how far a query sees: causal, that many keys, its own included; both ways, keys at
 *     most that far away; 0 for no limit
 * @param alibi makes scores fall with the distance of the key, in head h of H (a power of 2) by
 *     2^(-alibi h / H) a token (Press et al. 2022); 0 for scores without such a bias
 */
public record AttentionRule(
    double scale, double softCap, boolean causal, long window, double alibi) {

  /** Checks the numbers. */
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

  /** Makes a rule without a bias by distance. */
  public AttentionRule(double scale, double softCap, boolean causal, long window) {
    this(scale, softCap, causal, window, 0);
  }

  /** Biases scores by the distance of the key. */
  public AttentionRule withAlibi(double steepness) {
    return new AttentionRule(scale, softCap, causal, window, steepness);
  }

  /** Makes the usual rule of a decoder. */
  public static AttentionRule causal(int headDim) {
    return new AttentionRule(1 / Math.sqrt(headDim), 0, true, 0);
  }

  /**
   * Makes the usual rule of an encoder.
   *
   * @param window the largest distance seen; 0 for no limit
   */
  public static AttentionRule bothWays(int headDim, long window) {
    return new AttentionRule(1 / Math.sqrt(headDim), 0, false, window);
  }
}
