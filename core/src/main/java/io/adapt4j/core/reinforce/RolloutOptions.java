package io.adapt4j.core.reinforce;

import java.util.List;

/**
 * What an algorithm samples and what it is rewarded for.
 *
 * @param rewards the functions whose weighted sum is the reward, at least one
 * @param prompts prompts a rollout
 * @param groupSize completions a prompt
 * @param maxNewTokens the most tokens of a completion
 * @param temperature divides the logits, when sampling and in every log-probability
 * @param topP probability of the likeliest tokens that are sampled from; 1 for all
 * @param topK number of the likeliest tokens that are sampled from; 0 for all
 * @param generationBatch completions generated side by side
 * @param passes optimization passes over a rollout
 * @param masksTruncated whether completions that were cut off teach nothing
 */
public record RolloutOptions(
    List<WeightedReward> rewards,
    int prompts,
    int groupSize,
    int maxNewTokens,
    double temperature,
    double topP,
    int topK,
    int generationBatch,
    int passes,
    boolean masksTruncated) {

  /**
   * Checks the values and copies the list.
   *
   * @param rewards the functions whose weighted sum is the reward
   * @param prompts prompts a rollout
   * @param groupSize completions a prompt
   * @param maxNewTokens the most tokens of a completion
   * @param temperature divides the logits
   * @param topP probability of the likeliest tokens that are sampled from
   * @param topK number of the likeliest tokens that are sampled from
   * @param generationBatch completions generated side by side
   * @param passes optimization passes over a rollout
   * @param masksTruncated whether completions that were cut off teach nothing
   * @throws IllegalArgumentException if a value is out of its range or there is no reward
   */
  public RolloutOptions {
    rewards = List.copyOf(rewards);
    Numbers.require(!rewards.isEmpty(), "rewards", "at least one", "none");
    long names = rewards.stream().map(WeightedReward::name).distinct().count();
    Numbers.require(names == rewards.size(), "rewards", "of different names", rewards);
    Numbers.requireAtLeast("prompts", prompts, 1);
    Numbers.requireAtLeast("groupSize", groupSize, 1);
    Numbers.requireAtLeast("maxNewTokens", maxNewTokens, 1);
    Numbers.requirePositive("temperature", temperature);
    Numbers.require(topP > 0 && topP <= 1, "topP", "above 0 and at most 1", topP);
    Numbers.requireAtLeast("topK", topK, 0);
    Numbers.requireAtLeast("generationBatch", generationBatch, 1);
    Numbers.requireAtLeast("passes", passes, 1);
  }

  /**
   * Returns the completions of a rollout.
   *
   * @return prompts times the group size
   */
  public int completions() {
    return Math.multiplyExact(prompts, groupSize);
  }
}
