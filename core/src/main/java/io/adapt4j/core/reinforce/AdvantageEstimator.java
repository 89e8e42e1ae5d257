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
  CENTERED,
  /** Distance from the mean of the group's other completions (RLOO, Ahmadian et al. 2024). */
  LEAVE_ONE_OUT
}
