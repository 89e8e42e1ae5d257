package io.adapt4j.core.reinforce;

/**
 * Estimators of the advantage of a completion over the others of its prompt.
 *
 * <p>A NaN reward is excluded from its group, and its advantage is 0. So is that of every
 * completion of a group whose rewards are all equal, or of which only one is known.
 */
public enum AdvantageEstimator {
  /** Difference from the group's mean divided by its standard deviation (DeepSeekMath, eq. 3). */
  GROUP_SCALED,
  /**
   * Difference from the group's mean divided by the standard deviation of all rewards of the
   * rollout.
   */
  BATCH_SCALED,
  /** Difference from the group's mean (Dr. GRPO). */
  CENTERED,
  /** Difference from the mean of the group's other completions (RLOO, Ahmadian et al. 2024). */
  LEAVE_ONE_OUT
}
