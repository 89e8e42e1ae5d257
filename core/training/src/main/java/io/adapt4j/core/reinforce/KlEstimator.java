package io.adapt4j.core.reinforce;

/**
 * Estimators of the divergence KL(policy || reference) from one token sampled by the policy
 * (Schulman 2020). Log ratios beyond 20 count as 20, so that no estimate overflows.
 */
public enum KlEstimator {
  /** The log ratio itself: unbiased, but sometimes below 0. */
  K1,
  /** {@code exp(-r) - 1 + r} of the log ratio r: unbiased and never below 0. */
  K3
}
