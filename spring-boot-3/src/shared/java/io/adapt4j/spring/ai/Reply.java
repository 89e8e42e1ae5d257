package io.adapt4j.spring.ai;

import io.adapt4j.core.text.TokenUsage;
import java.util.List;
import java.util.Optional;
import org.springframework.ai.chat.messages.AssistantMessage;

/**
 * What is answered.
 *
 * @param text what is said; may be empty
 * @param thinking what was thought before it; may be empty
 * @param calls what is to be called
 * @param finishReason why it ends where it does, as Spring AI's other models say it
 * @param usage the tokens it took, if they were counted
 */
record Reply(
    String text,
    String thinking,
    List<AssistantMessage.ToolCall> calls,
    String finishReason,
    Optional<TokenUsage> usage) {}
