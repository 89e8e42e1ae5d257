package io.adapt4j.core.internal.task.rl;

/**
 * Generalized advantage estimation (Schulman et al. 2015, eq. 16) of a completion, with terminal
 * value 0.
 */
public record AdvantageEstimation(double discount, double lambda) {

  public double[] advantages(double[] rewards, double[] values) {
    double[] advantages = new double[rewards.length];
    double later = 0;
    double nextValue = 0;
    for (int t = rewards.length - 1; t >= 0; t--) {
      double surprise = rewards[t] + discount * nextValue - values[t];
      later = surprise + discount * lambda * later;
      advantages[t] = later;
      nextValue = values[t];
    }
    return advantages;
  }
}
