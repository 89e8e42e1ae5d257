package io.adapt4j.core.reinforce;

/**
 * Estimates of the divergence KL(policy || reference) from one token that the policy drew (Schulman
 * 2020). Log ratios beyond 20 count as 20, so that no estimate overflows.
 */
public enum KlEstimator {
  /** The log ratio itself: without bias, and below 0 at times. */
  K1,
  /** {@code exp(-r) - 1 + r} of the log ratio r: without bias, never below 0. */
  K3;

  /**
   * Estimates.
   *
   * @param policy log-probability of the token under the policy
   * @param reference its log-probability under the reference
   * @return the estimate, in nats
   */
  public double of(double policy, double reference) {
    double inverse = LogRatio.limited(reference - policy);
    return this == K1 ? -inverse : Math.expm1(inverse) - inverse;
  }

  /**
   * Differentiates the estimate by the policy's log-probability.
   *
   * @param policy log-probability of the token under the policy
   * @param reference its log-probability under the reference
   * @return the derivative; 0 where the log ratio is beyond 20
   */
  public double derivative(double policy, double reference) {
    double inverse = reference - policy;
    if (LogRatio.overflows(inverse)) {
      return 0;
    }
    return this == K1 ? 1 : -Math.expm1(inverse);
  }
}
