package io.adapt4j.core.reinforce;

import java.util.List;
import java.util.Map;

/**
 * Judges completions: the higher, the better. The scale is free; that of several functions is set
 * by their weights. Called on the thread that trains.
 *
 * <p>NaN says that this completion cannot be judged; it is then left out of its group, teaches
 * nothing and is counted in the figure {@code undefined}.
 */
@FunctionalInterface
public interface RewardFunction {

  /**
   * Judges one completion.
   *
   * @param prompt the prompt as text
   * @param completion what was written after it, without special tokens; may be empty
   * @param fields the row of the prompt: all its fields by name
   * @return the reward, or NaN if there is none to give
   */
  double score(String prompt, String completion, Map<String, Object> fields);

  /**
   * Judges the completions of a rollout together. By default one after the other.
   *
   * @param completions what to judge
   * @return a reward for each, in their order
   */
  default double[] scoreAll(List<Completion> completions) {
    return completions.stream()
        .mapToDouble(
            completion -> score(completion.prompt(), completion.text(), completion.fields()))
        .toArray();
  }
}
