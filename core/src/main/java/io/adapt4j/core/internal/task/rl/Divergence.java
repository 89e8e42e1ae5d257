package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.reinforce.KlEstimator;

/** What estimates of the divergence from the reference come to. */
public final class Divergence {

  private Divergence() {}

  /** Estimates. */
  public static double of(KlEstimator estimator, double policy, double reference) {
    double inverse = LogRatio.limited(reference - policy);
    return estimator == KlEstimator.K1 ? -inverse : Math.expm1(inverse) - inverse;
  }

  /**
   * Differentiates the estimate by the policy's log-probability.
   *
   * @return the derivative; 0 where the log ratio is beyond 20
   */
  static double derivative(KlEstimator estimator, double policy, double reference) {
    double inverse = reference - policy;
    if (LogRatio.overflows(inverse)) {
      return 0;
    }
    return estimator == KlEstimator.K1 ? 1 : -Math.expm1(inverse);
  }
}
