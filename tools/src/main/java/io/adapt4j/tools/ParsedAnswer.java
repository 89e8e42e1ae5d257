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

  /**
   * A text that begins like a call and is none. It is part of the answer's text, so nothing is
   * lost.
   *
   * @param text the text, from the marker of a call to where it stops being one
   * @param reason why it is not a call
   */
  public record UnparsedCall(String text, Reason reason) {

    /** Reasons why a text is not a call. */
    public enum Reason {
      /** The answer ends in the call. */
      CUT_OFF,
      /** No tool has this name. */
      UNKNOWN_TOOL,
      /** The arguments are not an object in the notation of the format. */
      INVALID_ARGUMENTS,
      /** The text differs from the format outside of the arguments. */
      INVALID_SYNTAX,
      /** The call exceeds a million characters. */
      TOO_LONG
    }
  }
}
