package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.reinforce.Ppo;

/** Adaptive KL coefficient of PPO. */
final class KlControl {

  private static final double MOST = 0.2;

  private KlControl() {}

  /** Returns the coefficient of the next rollout (with a target: Ziegler et al. 2019, eq. 3). */
  static double after(Ppo ppo, double coefficient, double divergence, int completions) {
    if (ppo.klTarget().isEmpty()) {
      return coefficient;
    }
    double error = divergence / ppo.klTarget().getAsDouble() - 1;
    double bounded = Math.max(-MOST, Math.min(MOST, error));
    return coefficient * (1 + bounded * completions / ppo.klHorizon().getAsDouble());
  }
}
