package io.adapt4j.spring.ai;

import io.adapt4j.core.text.TokenUsage;
import java.util.List;
import java.util.Optional;
import org.springframework.ai.chat.messages.AssistantMessage;

/**
 * An answer.
 *
 * @param text the text; may be empty
 * @param thinking the thoughts before it; may be empty
 * @param calls the tool calls
 * @param finishReason the reason why it ends, as Spring AI's other models report it
 * @param usage the token usage, if it was counted
 */
record Reply(
    String text,
    String thinking,
    List<AssistantMessage.ToolCall> calls,
    String finishReason,
    Optional<TokenUsage> usage) {}
