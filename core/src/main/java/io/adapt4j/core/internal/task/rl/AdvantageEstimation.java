package io.adapt4j.core.internal.task.rl;

/**
 * Generalized advantage estimation (Schulman et al. 2015, eq. 16) of one completion, whose end has
 * the value 0.
 *
 * @param discount gamma: what the reward of the next token counts
 * @param lambda weighs bias against variance; 1 leaves the values out of the returns
 */
public record AdvantageEstimation(double discount, double lambda) {

  /**
   * Estimates.
   *
   * @param rewards of the tokens in order
   * @param values what the value head expected before each token
   * @return the advantage of each token
   */
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
