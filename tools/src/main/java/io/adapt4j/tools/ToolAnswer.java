package io.adapt4j.tools;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.Generation;
import io.adapt4j.tools.ParsedAnswer.UnparsedCall;
import java.util.List;
import java.util.Optional;

/**
 * The answer of a model that may call tools.
 *
 * @param text the text, without thoughts and calls; may be empty
 * @param thinking the thoughts before it
 * @param calls the tool calls, in order
 * @param generation the generation
 * @param unparsed parts of the text that begin like calls and are none
 */
public record ToolAnswer(
    String text,
    Optional<String> thinking,
    List<ToolCall> calls,
    Generation generation,
    List<UnparsedCall> unparsed) {

  /** Copies the lists. */
  public ToolAnswer {
    calls = List.copyOf(calls);
    unparsed = List.copyOf(unparsed);
  }

  /** {@return the reason why the answer ends} */
  public FinishReason finishReason() {
    return generation.finishReason();
  }

  /** {@return whether a tool is called} */
  public boolean callsTools() {
    return !calls.isEmpty();
  }

  /**
   * {@return the answer as a message to continue the conversation: text, calls and {@code
   * reasoning_content}}
   */
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
