package io.adapt4j.core.reinforce;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * A reinforcement learning algorithm, which trains a policy on the rewards of completions that the
 * policy samples. Immutable.
 */
public abstract sealed class Reinforcement permits Grpo, Ppo {

  private final Map<String, RewardFunction> rewards;
  private final Map<String, Double> weights;
  private final int prompts;
  private final int groupSize;
  private final int maxNewTokens;
  private final double temperature;
  private final double topP;
  private final int topK;
  private final int generationBatch;
  private final int passes;
  private final boolean masksTruncated;

  Reinforcement(Builder<?> builder, boolean needsReward) {
    rewards = Collections.unmodifiableMap(new LinkedHashMap<>(builder.rewards));
    weights = Collections.unmodifiableMap(new LinkedHashMap<>(builder.weights));
    prompts = builder.prompts;
    groupSize = builder.groupSize;
    maxNewTokens = builder.maxNewTokens;
    temperature = builder.temperature;
    topP = builder.topP;
    topK = builder.topK;
    generationBatch = builder.generationBatch;
    passes = builder.passes;
    masksTruncated = builder.masksTruncated;
    Numbers.require(!needsReward || !rewards.isEmpty(), "rewards", "at least one", "none");
    Numbers.require(!builder.repeats, "rewards", "of different names", rewards.keySet());
    Numbers.requireAtLeast("prompts", prompts, 1);
    Numbers.requireAtLeast("groupSize", groupSize, 1);
    Numbers.requireAtLeast("maxNewTokens", maxNewTokens, 1);
    Numbers.requirePositive("temperature", temperature);
    Numbers.require(topP > 0 && topP <= 1, "topP", "above 0 and at most 1", topP);
    Numbers.requireAtLeast("topK", topK, 0);
    Numbers.requireAtLeast("generationBatch", generationBatch, 1);
    Numbers.requireAtLeast("passes", passes, 1);
  }

  /** {@return the functions whose weighted sum is the reward, by name} */
  public Map<String, RewardFunction> rewards() {
    return rewards;
  }

  /** {@return the weights of the reward functions, by name} */
  public Map<String, Double> weights() {
    return weights;
  }

  /** {@return the prompts per rollout} */
  public int prompts() {
    return prompts;
  }

  /** {@return the completions per prompt} */
  public int groupSize() {
    return groupSize;
  }

  /** {@return the completions of a rollout: prompts times the group size} */
  public int completions() {
    return Math.multiplyExact(prompts, groupSize);
  }

  /** {@return the maximum number of tokens of a completion} */
  public int maxNewTokens() {
    return maxNewTokens;
  }

  /** {@return the divisor of the logits, in sampling and in every log-probability} */
  public double temperature() {
    return temperature;
  }

  /** {@return the probability mass of the most likely tokens to sample from; 1 for all} */
  public double topP() {
    return topP;
  }

  /** {@return the number of most likely tokens to sample from; 0 for all} */
  public int topK() {
    return topK;
  }

  /** {@return the completions generated in one batch} */
  public int generationBatch() {
    return generationBatch;
  }

  /** {@return optimization passes over a rollout} */
  public int passes() {
    return passes;
  }

  /** {@return whether truncated completions are excluded from the loss} */
  public boolean masksTruncated() {
    return masksTruncated;
  }

  /**
   * Returns whether the divergence from the initial model is part of the objective.
   *
   * @return true if a reference is needed
   */
  public abstract boolean usesReference();

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Reinforcement algorithm
        && toString().equals(algorithm.toString())
        && rewards.equals(algorithm.rewards);
  }

  @Override
  public int hashCode() {
    return toString().hashCode();
  }

  /**
   * Lists all options, with rewards by name only, as their texts would differ between processes.
   */
  @Override
  public abstract String toString();

  final String rollout() {
    return "RolloutOptions[rewards="
        + weights.entrySet().stream()
            .map(reward -> reward.getKey() + " x " + reward.getValue())
            .collect(Collectors.joining(", ", "[", "]"))
        + ", prompts="
        + prompts
        + ", groupSize="
        + groupSize
        + ", maxNewTokens="
        + maxNewTokens
        + ", temperature="
        + temperature
        + ", topP="
        + topP
        + ", topK="
        + topK
        + ", generationBatch="
        + generationBatch
        + ", passes="
        + passes
        + ", masksTruncated="
        + masksTruncated
        + "]";
  }

  /**
   * Builder of the options that all algorithms share. Values are checked when the algorithm is
   * built.
   *
   * @param <B> the builder itself
   */
  public abstract static sealed class Builder<B extends Builder<B>>
      permits Grpo.Builder, Ppo.Builder {

    private final Map<String, RewardFunction> rewards = new LinkedHashMap<>();
    private final Map<String, Double> weights = new LinkedHashMap<>();
    private boolean repeats;
    private int prompts = 8;
    private int groupSize;
    private int maxNewTokens = 128;
    private double temperature = 1;
    private double topP = 1;
    private int topK;
    private int generationBatch = 64;
    private int passes;
    private boolean masksTruncated;

    Builder(int groupSize, int passes) {
      this.groupSize = groupSize;
      this.passes = passes;
    }

    abstract B self();

    /**
     * Adds a reward function of weight 1.
     *
     * @param name name under which its mean is reported
     * @param function scores completions
     */
    public B reward(String name, RewardFunction function) {
      return reward(name, 1, function);
    }

    /**
     * Adds a reward function. The reward of a completion is the weighted sum of all.
     *
     * @param weight factor of its rewards
     * @throws IllegalArgumentException if the name is blank or the weight is not finite
     */
    public B reward(String name, double weight, RewardFunction function) {
      Objects.requireNonNull(function, "function");
      Numbers.require(name != null && !name.isBlank(), "the name of a reward", "a text", name);
      Numbers.require(
          Double.isFinite(weight),
          "the weight of reward '" + name + "'",
          "a finite number",
          weight);
      repeats |= rewards.put(name, function) != null;
      weights.put(name, weight);
      return self();
    }

    /**
     * Sets the prompts per rollout; default 8. An epoch has as many rollouts as it takes to see
     * every prompt once; the last one is filled with prompts from the beginning.
     *
     * @param count at least 1
     */
    public B promptsPerRollout(int count) {
      prompts = count;
      return self();
    }

    /**
     * Sets the completions per prompt; default 8 for GRPO, 1 for PPO.
     *
     * @param completions at least 1
     */
    public B groupSize(int completions) {
      groupSize = completions;
      return self();
    }

    /**
     * Sets the maximum number of tokens of a completion; default 128.
     *
     * @param tokens at least 1
     */
    public B maxNewTokens(int tokens) {
      maxNewTokens = tokens;
      return self();
    }

    /**
     * Sets the divisor of the logits, in sampling and in every log-probability; default 1.
     *
     * @param value above 0
     */
    public B temperature(double value) {
      temperature = value;
      return self();
    }

    /**
     * Samples only from the most likely tokens with this total probability; default 1, which is
     * all. The log-probabilities of the loss remain those of the whole vocabulary.
     *
     * @param probability above 0 and at most 1
     */
    public B topP(double probability) {
      topP = probability;
      return self();
    }

    /**
     * Samples only from this many of the most likely tokens; default 0, which is all. The
     * log-probabilities of the loss remain those of the whole vocabulary.
     *
     * @param tokens at least 0
     */
    public B topK(int tokens) {
      topK = tokens;
      return self();
    }

    /**
     * Sets the completions generated in one batch; default 64. Larger batches are faster and take
     * more memory for the key-value cache.
     */
    public B generationBatch(int completions) {
      generationBatch = completions;
      return self();
    }

    /** Sets the optimization passes over a rollout; default 1 for GRPO, 4 for PPO. */
    public B passes(int count) {
      passes = count;
      return self();
    }

    /**
     * Excludes completions truncated at the limit on new tokens from the loss. They still count in
     * the comparison of their group.
     */
    public B maskTruncated() {
      masksTruncated = true;
      return self();
    }
  }
}
