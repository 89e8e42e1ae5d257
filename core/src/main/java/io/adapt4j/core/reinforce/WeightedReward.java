package io.adapt4j.core.reinforce;

import java.util.Objects;

/**
 * A reward function with its share in the sum.
 *
 * @param name under which its mean is reported
 * @param weight what its rewards are multiplied by
 * @param function judges completions
 */
public record WeightedReward(String name, double weight, RewardFunction function) {

  /**
   * Checks the values.
   *
   * @param name under which its mean is reported
   * @param weight what its rewards are multiplied by
   * @param function judges completions
   * @throws IllegalArgumentException if the name is empty or the weight is not a number
   */
  public WeightedReward {
    Objects.requireNonNull(function, "function");
    Numbers.require(name != null && !name.isBlank(), "the name of a reward", "a text", name);
    Numbers.require(
        Double.isFinite(weight), "the weight of reward '" + name + "'", "a finite number", weight);
  }

  /** Names it without the function, whose text would not be the same in another process. */
  @Override
  public String toString() {
    return name + " x " + weight;
  }
}
