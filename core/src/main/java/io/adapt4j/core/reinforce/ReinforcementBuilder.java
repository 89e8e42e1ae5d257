package io.adapt4j.core.reinforce;

import java.util.ArrayList;
import java.util.List;

/**
 * What the builders of the algorithms have in common. Values are checked in {@code build}.
 *
 * @param <B> the builder itself
 */
public abstract sealed class ReinforcementBuilder<B extends ReinforcementBuilder<B>>
    permits Grpo.Builder, Ppo.Builder {

  private final List<WeightedReward> rewards = new ArrayList<>();
  private int prompts = 8;
  private int groupSize;
  private int maxNewTokens = 128;
  private double temperature = 1;
  private double topP = 1;
  private int topK;
  private int generationBatch = 64;
  private int passes;
  private boolean masksTruncated;

  ReinforcementBuilder(int groupSize, int passes) {
    this.groupSize = groupSize;
    this.passes = passes;
  }

  abstract B self();

  /**
   * Adds a reward function of weight 1.
   *
   * @param name under which its mean is reported
   * @param function judges completions
   * @return this builder
   */
  public B reward(String name, RewardFunction function) {
    return reward(name, 1, function);
  }

  /**
   * Adds a reward function. The reward of a completion is the sum of all, each times its weight.
   *
   * @param name under which its mean is reported
   * @param weight what its rewards are multiplied by
   * @param function judges completions
   * @return this builder
   */
  public B reward(String name, double weight, RewardFunction function) {
    rewards.add(new WeightedReward(name, weight, function));
    return self();
  }

  /**
   * Prompts a rollout; default 8. An epoch has as many rollouts as it takes to see every prompt
   * once; the last one is padded with prompts of its beginning.
   *
   * @param count at least 1
   * @return this builder
   */
  public B promptsPerRollout(int count) {
    prompts = count;
    return self();
  }

  /**
   * Completions a prompt; default 8 for GRPO, 1 for PPO.
   *
   * @param completions at least 1
   * @return this builder
   */
  public B groupSize(int completions) {
    groupSize = completions;
    return self();
  }

  /**
   * The most tokens of a completion; default 128.
   *
   * @param tokens at least 1
   * @return this builder
   */
  public B maxNewTokens(int tokens) {
    maxNewTokens = tokens;
    return self();
  }

  /**
   * Divides the logits when sampling and in every log-probability; default 1.
   *
   * @param value above 0
   * @return this builder
   */
  public B temperature(double value) {
    temperature = value;
    return self();
  }

  /**
   * Samples from the likeliest tokens of this probability only; default 1, which is all. The
   * log-probabilities of the loss stay those of the whole vocabulary.
   *
   * @param probability above 0 and at most 1
   * @return this builder
   */
  public B topP(double probability) {
    topP = probability;
    return self();
  }

  /**
   * Samples from so many of the likeliest tokens only; default 0, which is all. The
   * log-probabilities of the loss stay those of the whole vocabulary.
   *
   * @param tokens at least 0
   * @return this builder
   */
  public B topK(int tokens) {
    topK = tokens;
    return self();
  }

  /**
   * Completions generated side by side; default 64. More are faster and take more memory for keys
   * and values.
   *
   * @param completions at least 1
   * @return this builder
   */
  public B generationBatch(int completions) {
    generationBatch = completions;
    return self();
  }

  /**
   * Optimization passes over a rollout; default 1 for GRPO, 4 for PPO.
   *
   * @param count at least 1
   * @return this builder
   */
  public B passes(int count) {
    passes = count;
    return self();
  }

  /**
   * Lets completions that were cut off at the most new tokens teach nothing. They stay in the
   * comparison of their group.
   *
   * @return this builder
   */
  public B maskTruncated() {
    masksTruncated = true;
    return self();
  }

  final RolloutOptions rollout() {
    return new RolloutOptions(
        rewards,
        prompts,
        groupSize,
        maxNewTokens,
        temperature,
        topP,
        topK,
        generationBatch,
        passes,
        masksTruncated);
  }
}
