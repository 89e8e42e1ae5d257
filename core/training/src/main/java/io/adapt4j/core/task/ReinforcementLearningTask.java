package io.adapt4j.core.task;

import io.adapt4j.core.reinforce.Reinforcement;
import java.util.Objects;

/**
 * Reinforcement learning.
 *
 * @param algorithm the algorithm and its rewards
 */
public record ReinforcementLearningTask(Reinforcement algorithm) implements Task {

  /** Checks that there is an algorithm. */
  public ReinforcementLearningTask {
    Objects.requireNonNull(algorithm, "algorithm");
  }
}
