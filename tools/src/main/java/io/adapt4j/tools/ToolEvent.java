package io.adapt4j.tools;

import io.adapt4j.tools.ParsedAnswer.UnparsedCall;

/** A part of a streamed answer. */
public sealed interface ToolEvent {

  /**
   * More of the answer's text.
   *
   * @param text the new text
   */
  record Text(String text) implements ToolEvent {}

  /**
   * More of the model's thoughts before its answer.
   *
   * @param text the new text
   */
  record Thinking(String text) implements ToolEvent {}

  /**
   * A call begins.
   *
   * @param index its index among the answer's calls, from 0
   * @param id the call's id
   * @param name the tool's name
   */
  record CallBegun(int index, String id, String name) implements ToolEvent {}

  /**
   * More of a call's arguments.
   *
   * @param index the call's index
   * @param json the new part of the JSON
   */
  record Arguments(int index, String json) implements ToolEvent {}

  /**
   * A call is complete.
   *
   * @param index its index
   * @param call the call
   */
  record CallComplete(int index, ToolCall call) implements ToolEvent {}

  /**
   * A call was dropped, because it was cut off or is not valid JSON. Its text is reported as {@link
   * Text} next. Under {@link ToolChat}'s constraint this happens only at the token limit.
   *
   * @param index its index, which the next call takes
   */
  record CallDropped(int index) implements ToolEvent {}

  /**
   * A part of the text begins like a call and is none. Its text has been reported as {@link Text}.
   *
   * @param call the text, and why it is not a call
   */
  record CallUnparsed(UnparsedCall call) implements ToolEvent {}
}
