package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.reinforce.AdvantageEstimator;

/** Advantages of completions relative to the others of their prompt, as in GRPO. */
public final class GroupAdvantages {

  /** Added to standard deviations in denominators. */
  static final double EPSILON = 1e-4;

  private GroupAdvantages() {}

  /**
   * Computes the advantages.
   *
   * @param rewards of the completions, grouped by prompt; NaN if undefined
   */
  public static double[] of(AdvantageEstimator estimator, double[] rewards, int groupSize) {
    if (groupSize < 1 || rewards.length % groupSize != 0) {
      throw new IllegalArgumentException(
          rewards.length + " rewards do not divide into groups of " + groupSize);
    }
    double scale =
        estimator == AdvantageEstimator.BATCH_SCALED
            ? MeanVariance.of(rewards, 0, rewards.length).deviation()
            : 0;
    double[] advantages = new double[rewards.length];
    for (int from = 0; from < rewards.length; from += groupSize) {
      MeanVariance group = MeanVariance.of(rewards, from, from + groupSize);
      for (int i = from; i < from + groupSize; i++) {
        if (!Double.isNaN(rewards[i]) && group.count() > 1) {
          advantages[i] = advantage(estimator, rewards[i], group, scale);
        }
      }
    }
    return advantages;
  }

  private static double advantage(
      AdvantageEstimator estimator, double reward, MeanVariance group, double batchDeviation) {
    double distance = reward - group.mean();
    return switch (estimator) {
      case GROUP_SCALED -> distance / (group.deviation() + EPSILON);
      case BATCH_SCALED -> distance / (batchDeviation + EPSILON);
      case CENTERED -> distance;
      case LEAVE_ONE_OUT -> distance * group.count() / (group.count() - 1);
    };
  }
}
