package io.adapt4j.core.internal.task.rl;

/** Names of the metrics of steps and evaluations. */
final class MetricNames {

  static final String REWARD = "reward";
  static final String REWARD_SPREAD = "reward_std";
  static final String REWARD_OF = "reward/";
  static final String KL = "kl";
  static final String ENTROPY = "entropy";
  static final String KL_COEFFICIENT = "kl_coefficient";
  static final String CLIPPED = "clip_fraction";
  static final String OVERFLOWS = "ratio_overflows";
  static final String TRUNCATED = "truncated";
  static final String EQUAL_GROUPS = "zero_variance";
  static final String RESAMPLED = "resampled";
  static final String UNDEFINED = "undefined";
  static final String LENGTH = "length";
  static final String TURNS = "turns";
  static final String CALLS = "tool_calls";
  static final String FAILED_CALLS = "tool_failures";
  static final String VALUE_LOSS = "value_loss";
  static final String GENERATING = "seconds_generating";
  static final String REWARDING = "seconds_rewarding";
  static final String WAITING = "seconds_waiting";
  static final String STALENESS = "staleness";
  static final String SCORING = "seconds_scoring";

  private MetricNames() {}
}
