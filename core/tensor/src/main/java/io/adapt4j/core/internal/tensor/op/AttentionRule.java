package io.adapt4j.core.internal.tensor.op;

/**
 * Scaling of attention scores, and the keys a query can see if no mask is given.
 *
 * @param softCap soft cap c of the scores, c tanh(score / c); 0 for none
 * @param alibi ALiBi slope: in head h of H (a power of 2), scores decrease by 2^(-alibi h / H) per
 *     token of distance (Press et al. 2022); 0 for no bias
 */
public record AttentionRule(
    double scale, double softCap, boolean causal, long window, double alibi) {

  /** Validates the numbers. */
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

  /** Creates a rule without ALiBi. */
  public AttentionRule(double scale, double softCap, boolean causal, long window) {
    this(scale, softCap, causal, window, 0);
  }

  /** Returns this rule with ALiBi. */
  public AttentionRule withAlibi(double steepness) {
    return new AttentionRule(scale, softCap, causal, window, steepness);
  }

  /** Creates the usual rule of a decoder. */
  public static AttentionRule causal(int headDim) {
    return new AttentionRule(1 / Math.sqrt(headDim), 0, true, 0);
  }

  /**
   * Creates the usual rule of an encoder.
   *
   * @param window maximum distance seen; 0 for no limit
   */
  public static AttentionRule bothWays(int headDim, long window) {
    return new AttentionRule(1 / Math.sqrt(headDim), 0, false, window);
  }
}
