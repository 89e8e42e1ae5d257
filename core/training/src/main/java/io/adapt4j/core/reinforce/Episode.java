package io.adapt4j.core.reinforce;

import java.util.Map;

/** Environment's side of one episode. */
@FunctionalInterface
public interface Episode extends AutoCloseable {

  /**
   * Replies to a turn, after its tool calls were run.
   *
   * @param turn the turn
   * @return what happens next, and the reward of the turn
   * @throws Exception if it fails; the episode then ends and its reward is undefined
   */
  Reply reply(Turn turn) throws Exception;

  /**
   * Runs a tool call; by default {@link Tool#call}. Override it for tools that change the episode's
   * state.
   *
   * @param tool the tool
   * @param arguments arguments of the call
   * @return the result for the model
   * @throws Exception if it fails; the model receives the message
   */
  default String call(Tool tool, Map<String, Object> arguments) throws Exception {
    return tool.call(arguments);
  }

  /** Releases the episode's resources; by default none. */
  @Override
  default void close() {}
}
