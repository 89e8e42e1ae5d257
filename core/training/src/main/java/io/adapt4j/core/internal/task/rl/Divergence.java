package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.reinforce.KlEstimator;

/** Estimators of the KL divergence from the reference. */
public final class Divergence {

  private Divergence() {}

  /** Returns the estimate for a token. */
  public static double of(KlEstimator estimator, double policy, double reference) {
    double inverse = LogRatio.limited(reference - policy);
    return estimator == KlEstimator.K1 ? -inverse : Math.expm1(inverse) - inverse;
  }

  /**
   * Returns the derivative of the estimate with respect to the policy's log-probability: the
   * derivative; 0 if the log-ratio is beyond 20.
   */
  static double derivative(KlEstimator estimator, double policy, double reference) {
    double inverse = reference - policy;
    if (LogRatio.overflows(inverse)) {
      return 0;
    }
    return estimator == KlEstimator.K1 ? 1 : -Math.expm1(inverse);
  }
}
