package io.adapt4j.tools;

import java.util.List;

/**
 * Parts parsed from the text of an answer.
 *
 * @param text the text, without thoughts and calls
 * @param thinking the thoughts before it; may be empty
 * @param calls the tool calls, in order
 * @param unparsed parts of the text that begin like calls and are none
 */
public record ParsedAnswer(
    String text, String thinking, List<ToolCall> calls, List<UnparsedCall> unparsed) {

  /** Copies the lists. */
  public ParsedAnswer {
    calls = List.copyOf(calls);
    unparsed = List.copyOf(unparsed);
  }

  /** Creates an answer all of whose calls were parsed. */
  public ParsedAnswer(String text, String thinking, List<ToolCall> calls) {
    this(text, thinking, calls, List.of());
  }
}
