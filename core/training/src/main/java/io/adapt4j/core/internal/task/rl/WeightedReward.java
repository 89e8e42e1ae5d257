package io.adapt4j.core.internal.task.rl;

import io.adapt4j.core.reinforce.Reinforcement;
import io.adapt4j.core.reinforce.RewardFunction;
import java.util.List;

/** A reward function with its weight in the sum. */
record WeightedReward(String name, double weight, RewardFunction function) {

  static List<WeightedReward> of(Reinforcement algorithm) {
    return algorithm.rewards().entrySet().stream()
        .map(
            reward ->
                new WeightedReward(
                    reward.getKey(), algorithm.weights().get(reward.getKey()), reward.getValue()))
        .toList();
  }

  @Override
  public String toString() {
    return name + " x " + weight;
  }
}
