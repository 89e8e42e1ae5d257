package io.adapt4j.tools;

import io.adapt4j.core.chat.ChatMessage;
import java.util.List;

/**
 * A conversation in which tools were run.
 *
 * @param messages all of it: what was given, answers with their calls, results, the last answer
 * @param answer the last answer
 * @param isFinished whether it calls nothing; otherwise a tool without a function is called, or
 *     there were as many answers as allowed, and the calls were not run
 */
public record ToolRun(List<ChatMessage> messages, ToolAnswer answer, boolean isFinished) {

  /**
   * Copies the messages.
   *
   * @param messages all of the conversation
   * @param answer the last answer
   * @param isFinished whether it calls nothing
   */
  public ToolRun {
    messages = List.copyOf(messages);
  }
}
