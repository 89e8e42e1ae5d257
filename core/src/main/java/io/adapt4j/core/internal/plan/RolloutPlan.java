package io.adapt4j.core.internal.plan;

import java.util.Locale;

/**
 * What reinforcement learning will generate and learn from in an epoch. How many tokens that are is
 * known only afterwards: a completion ends where the model ends it.
 */
public record RolloutPlan(
    int prompts, int completions, int completionsPerPrompt, int maxNewTokens, int passes) {

  /** Returns the most tokens that are generated in an epoch. */
  public long mostTokens() {
    return (long) completions * maxNewTokens;
  }

  /** Writes the figures for people. */
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
