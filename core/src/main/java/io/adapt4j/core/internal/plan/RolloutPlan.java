package io.adapt4j.core.internal.plan;

import java.util.Locale;

/**
 * What reinforcement learning will generate and learn from in an epoch. How many tokens that are is
 * known only afterwards: a completion ends where the model ends it.
 *
 * @param prompts prompts that completions are drawn for
 * @param completions completions drawn, those of prompts that fill up the last rollout included
 * @param completionsPerPrompt completions of a prompt
 * @param maxNewTokens the most tokens of a completion
 * @param passes how often each completion is learned from
 */
public record RolloutPlan(
    int prompts, int completions, int completionsPerPrompt, int maxNewTokens, int passes) {

  /**
   * Returns the most tokens that are generated in an epoch.
   *
   * @return completions times their most tokens
   */
  public long mostTokens() {
    return (long) completions * maxNewTokens;
  }

  /**
   * Writes the figures for people.
   *
   * @return a line without its end
   */
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
