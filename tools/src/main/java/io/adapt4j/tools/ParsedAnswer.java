package io.adapt4j.tools;

import java.util.List;

/**
 * Parts parsed from the text of an answer.
 *
 * @param text the text, without thoughts and calls
 * @param thinking the thoughts before it; may be empty
 * @param calls the tool calls, in order
 */
public record ParsedAnswer(String text, String thinking, List<ToolCall> calls) {

  /** Copies the calls. */
  public ParsedAnswer {
    calls = List.copyOf(calls);
  }
}
