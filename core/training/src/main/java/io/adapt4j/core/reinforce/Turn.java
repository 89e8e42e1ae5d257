package io.adapt4j.core.reinforce;

import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * One answer of the policy in an episode.
 *
 * @param number number of the turn, from 1
 * @param text text of the answer, without special tokens, calls and thoughts before calls
 * @param calls its tool calls with their results, in order
 * @param truncated whether it was cut off at the limit on new tokens
 * @param last whether a limit ends the episode, so that only the reward of the reply counts
 */
public record Turn(int number, String text, List<Call> calls, boolean truncated, boolean last) {

  /**
   * A tool call with its result.
   *
   * @param name name of the tool
   * @param arguments arguments of the call
   * @param result result for the model
   * @param failed whether the tool failed or exceeded its time
   */
  public record Call(String name, Map<String, Object> arguments, String result, boolean failed) {}

  /** Copies the calls. */
  public Turn {
    Objects.requireNonNull(text, "text");
    calls = List.copyOf(calls);
  }
}
