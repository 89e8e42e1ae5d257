package io.adapt4j.core.reinforce;

/** An algorithm that trains a policy on rewards of its own completions. */
public sealed interface Reinforcement permits Grpo, Ppo {

  /**
   * Returns what is sampled, and what it is rewarded for.
   *
   * @return the options of a rollout
   */
  RolloutOptions rollout();

  /**
   * Returns whether the divergence from the model as it was before is part of what is optimized.
   *
   * @return true if a reference is needed
   */
  boolean usesReference();
}
