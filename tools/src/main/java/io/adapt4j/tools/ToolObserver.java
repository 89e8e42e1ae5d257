package io.adapt4j.tools;

import io.adapt4j.core.chat.ChatMessage;
import java.util.List;
import java.util.function.Supplier;

/**
 * Runs the steps of a {@link ToolChat}, for example measured. Each method must call its supplier
 * once and return or throw what that does, on the same thread.
 */
public interface ToolObserver {

  /**
   * Runs a whole conversation.
   *
   * @param run runs it
   * @return its result
   */
  default ToolRun running(Supplier<ToolRun> run) {
    return run.get();
  }

  /**
   * Runs an answer of the model.
   *
   * @param messages the conversation so far
   * @param answer generates the answer
   * @return the answer
   */
  default ToolAnswer answering(List<ChatMessage> messages, Supplier<ToolAnswer> answer) {
    return answer.get();
  }

  /**
   * Runs a tool.
   *
   * @param call the call
   * @param result calls the function; the model is told its exceptions
   * @return the result
   */
  default String calling(ToolCall call, Supplier<String> result) {
    return result.get();
  }
}
