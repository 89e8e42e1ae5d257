package io.adapt4j.core.internal.plan;

import java.util.Locale;

/**
 * Number of completions that reinforcement learning generates and trains on in an epoch. Their
 * number of tokens is not known beforehand: the model decides where a completion ends.
 */
public record RolloutPlan(
    int prompts, int completions, int completionsPerPrompt, int maxNewTokens, int passes) {

  /** Returns the maximum number of tokens generated in an epoch. */
  public long mostTokens() {
    return (long) completions * maxNewTokens;
  }

  /** Formats the numbers. */
  String text() {
    return String.format(
        Locale.ROOT,
        "%,d prompts, %,d completions (%,d a prompt) of at most %,d tokens in an epoch: up to %,d"
            + " tokens drawn and learned from%s",
        prompts,
        completions,
        completionsPerPrompt,
        maxNewTokens,
        mostTokens(),
        passes == 1 ? "" : String.format(Locale.ROOT, ", %d times each", passes));
  }
}
