package io.adapt4j.core.reinforce;

/**
 * How much better a completion is than the others of its prompt.
 *
 * <p>A reward that is NaN is left out of its group, and its advantage is 0. So is that of every
 * completion of a group whose rewards are all alike, or of which only one is known.
 */
public enum AdvantageEstimator {
  /** Distance from the group's mean by its standard deviation (DeepSeekMath, eq. 3). */
  GROUP_SCALED,
  /** Distance from the group's mean by the standard deviation of all rewards of the rollout. */
  BATCH_SCALED,
  /** Distance from the group's mean (Dr. GRPO). */
  CENTRED,
  /** Distance from the mean of the group's other completions (RLOO, Ahmadian et al. 2024). */
  LEAVE_ONE_OUT;

  /** Added to a standard deviation before dividing by it. */
  static final double EPSILON = 1e-4;

  /**
   * Finds the advantages.
   *
   * @param rewards of the completions, those of one prompt after each other; NaN where unknown
   * @param groupSize completions a prompt
   * @return the advantage of each
   * @throws IllegalArgumentException if the rewards do not divide into groups
   */
  public double[] of(double[] rewards, int groupSize) {
    if (groupSize < 1 || rewards.length % groupSize != 0) {
      throw new IllegalArgumentException(
          rewards.length + " rewards do not divide into groups of " + groupSize);
    }
    double scale = this == BATCH_SCALED ? Moments.of(rewards, 0, rewards.length).deviation() : 0;
    double[] advantages = new double[rewards.length];
    for (int from = 0; from < rewards.length; from += groupSize) {
      Moments group = Moments.of(rewards, from, from + groupSize);
      for (int i = from; i < from + groupSize; i++) {
        if (!Double.isNaN(rewards[i]) && group.count() > 1) {
          advantages[i] = advantage(rewards[i], group, scale);
        }
      }
    }
    return advantages;
  }

  private double advantage(double reward, Moments group, double batchDeviation) {
    double distance = reward - group.mean();
    return switch (this) {
      case GROUP_SCALED -> distance / (group.deviation() + EPSILON);
      case BATCH_SCALED -> distance / (batchDeviation + EPSILON);
      case CENTRED -> distance;
      case LEAVE_ONE_OUT -> distance * group.count() / (group.count() - 1);
    };
  }
}
