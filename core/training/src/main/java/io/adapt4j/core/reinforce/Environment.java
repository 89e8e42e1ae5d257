package io.adapt4j.core.reinforce;

import java.util.List;
import java.util.Map;

/**
 * World that a policy acts in for several turns: it answers, its tool calls are run, the
 * environment replies, until the episode ends. Tokens of the environment are not trained on.
 *
 * <p>Called on a thread of the run, one call at a time. To repeat a run, episodes must behave alike
 * for equal rows and answers.
 */
@FunctionalInterface
public interface Environment {

  /** {@return the tools described to the model in every prompt; none by default} */
  default List<Tool> tools() {
    return List.of();
  }

  /**
   * Begins an episode.
   *
   * @param fields the row of the prompt: all its fields by name
   * @return the episode
   * @throws Exception if it cannot begin; the reward of the episode is then undefined
   */
  Episode begin(Map<String, Object> fields) throws Exception;

  /**
   * Returns an environment of tools without state. Episodes end with the first answer that calls
   * none, and reward functions score it.
   *
   * @param tools the tools
   * @return the environment
   */
  static Environment of(Tool... tools) {
    List<Tool> all = List.of(tools);
    return new Environment() {
      @Override
      public List<Tool> tools() {
        return all;
      }

      @Override
      public Episode begin(Map<String, Object> fields) {
        return turn -> turn.calls().isEmpty() ? Reply.end() : Reply.proceed();
      }
    };
  }
}
