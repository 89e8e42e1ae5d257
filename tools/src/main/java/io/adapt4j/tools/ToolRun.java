package io.adapt4j.tools;

import io.adapt4j.core.chat.ChatMessage;
import java.util.List;

/**
 * A conversation in which tools were run.
 *
 * @param messages all messages: the given ones, answers with their calls, results, and the last
 *     answer
 * @param answer the last answer
 * @param isFinished whether it calls no tools; otherwise it calls a tool without a function, or the
 *     limit on answers was reached, and the calls were not run
 */
public record ToolRun(List<ChatMessage> messages, ToolAnswer answer, boolean isFinished) {

  /** Copies the messages. */
  public ToolRun {
    messages = List.copyOf(messages);
  }
}
