package io.adapt4j.core.reinforce;

import java.util.List;
import java.util.Map;

/**
 * Scores completions, higher is better. The scale is free; several functions are balanced by their
 * weights. Called on the training thread.
 *
 * <p>NaN means that a completion cannot be scored; it is then excluded from its group and from the
 * loss, and is counted in the metric {@code undefined}.
 */
@FunctionalInterface
public interface RewardFunction {

  /**
   * Scores one completion.
   *
   * @param prompt the prompt as text
   * @param completion the completion without special tokens; may be empty
   * @param fields the row of the prompt: all its fields by name
   * @return the reward, or NaN if it cannot be scored
   */
  double score(String prompt, String completion, Map<String, Object> fields);

  /**
   * Scores the completions of a rollout together, by default one after the other.
   *
   * @param completions the completions
   * @return a reward for each, in order
   */
  default double[] scoreAll(List<Completion> completions) {
    return completions.stream()
        .mapToDouble(
            completion -> score(completion.prompt(), completion.text(), completion.fields()))
        .toArray();
  }
}
