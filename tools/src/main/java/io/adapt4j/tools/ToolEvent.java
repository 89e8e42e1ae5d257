package io.adapt4j.tools;

/** A part of an answer as it comes. */
public sealed interface ToolEvent {

  /**
   * More of the answer's text.
   *
   * @param text what is new
   */
  record Text(String text) implements ToolEvent {}

  /**
   * More of what the model thinks before it answers.
   *
   * @param text what is new
   */
  record Thinking(String text) implements ToolEvent {}

  /**
   * A call begins.
   *
   * @param index its place among the answer's calls, from 0
   * @param id the call's id
   * @param name the tool's name
   */
  record CallBegun(int index, String id, String name) implements ToolEvent {}

  /**
   * More of a call's arguments.
   *
   * @param index the call's place
   * @param json what is new of the JSON
   */
  record Arguments(int index, String json) implements ToolEvent {}

  /**
   * A call is complete.
   *
   * @param index its place
   * @param call the call
   */
  record CallComplete(int index, ToolCall call) implements ToolEvent {}

  /**
   * A call that had begun is none, since it was cut off or what followed was no JSON. What was
   * written of it is told as {@link Text} next. Cannot happen under {@link ToolChat}'s constraint,
   * but where the tokens run out.
   *
   * @param index its place, which the next call takes
   */
  record CallDropped(int index) implements ToolEvent {}
}
