package io.adapt4j.core.task;

import io.adapt4j.core.reinforce.Reinforcement;
import java.util.Objects;

/**
 * Reinforcement learning.
 *
 * @param algorithm how, and for what rewards
 */
public record ReinforcementLearningTask(Reinforcement algorithm) implements Task {

  /**
   * Checks that there is an algorithm.
   *
   * @param algorithm how, and for what rewards
   */
  public ReinforcementLearningTask {
    Objects.requireNonNull(algorithm, "algorithm");
  }
}
