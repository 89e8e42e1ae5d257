package io.adapt4j.tools;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import java.util.List;
import java.util.Optional;

/**
 * The answer of a model that may call tools.
 *
 * @param text what it says, without thoughts and calls; may be empty
 * @param thinking what it thought before
 * @param calls what it calls, in order
 * @param generation the answer as it was generated
 */
public record ToolAnswer(
    String text, Optional<String> thinking, List<ToolCall> calls, Generation generation) {

  /**
   * Copies the calls.
   *
   * @param text what the model says, without thoughts and calls; may be empty
   * @param thinking what it thought before
   * @param calls what it calls, in order
   * @param generation the answer as it was generated
   */
  public ToolAnswer {
    calls = List.copyOf(calls);
  }

  /** {@return why the answer ends where it does} */
  public FinishReason finishReason() {
    return generation.finishReason();
  }

  /** {@return whether a tool is called} */
  public boolean callsTools() {
    return !calls.isEmpty();
  }

  /** {@return the answer as a message to go on with: text, calls and {@code reasoning_content}} */
  public ChatMessage message() {
    ChatMessage message = ChatMessage.assistant(text);
    if (thinking.isPresent()) {
      message = message.with("reasoning_content", thinking.get());
    }
    return calls.isEmpty()
        ? message
        : message.with("tool_calls", calls.stream().map(ToolCall::definition).toList());
  }
}
