package io.adapt4j.core.reinforce;

/**
 * Estimates of the divergence KL(policy || reference) from one token that the policy drew (Schulman
 * 2020). Log ratios beyond 20 count as 20, so that no estimate overflows.
 */
public enum KlEstimator {
  /** The log ratio itself: without bias, and below 0 at times. */
  K1,
  /** {@code exp(-r) - 1 + r} of the log ratio r: without bias, never below 0. */
  K3
}
