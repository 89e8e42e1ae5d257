package io.adapt4j.tools;

import java.util.List;

/**
 * What was read out of the text of an answer.
 *
 * @param text what the model says, without thoughts and calls
 * @param thinking what it thought before; empty if nothing
 * @param calls what it calls, in order
 */
public record ParsedAnswer(String text, String thinking, List<ToolCall> calls) {

  /**
   * Copies the calls.
   *
   * @param text what the model says, without thoughts and calls
   * @param thinking what it thought before; empty if nothing
   * @param calls what it calls, in order
   */
  public ParsedAnswer {
    calls = List.copyOf(calls);
  }
}
