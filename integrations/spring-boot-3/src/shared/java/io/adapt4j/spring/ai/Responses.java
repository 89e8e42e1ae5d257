package io.adapt4j.spring.ai;

import io.adapt4j.core.generate.FinishReason;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatGenerationMetadata;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;

/** Converts Adapt4J's answers to Spring AI's types. */
final class Responses {

  /** Metadata key of a message's reasoning, as other models name it. */
  static final String REASONING = "reasoningContent";

  private Responses() {}

  /** A piece of an answer. */
  static ChatResponse piece(String id, String model, String text) {
    return new ChatResponse(
        List.of(new Generation(new AssistantMessage(text))),
        ChatResponseMetadata.builder().id(id).model(model).build());
  }

  /** Creates an answer with the given text: all of it, or none if it was streamed. */
  static ChatResponse response(String id, String model, Reply reply, String text) {
    AssistantMessage message =
        AssistantMessage.builder()
            .content(text)
            .properties(reply.thinking().isEmpty() ? Map.of() : Map.of(REASONING, reply.thinking()))
            .toolCalls(reply.calls())
            .build();
    ChatGenerationMetadata end =
        ChatGenerationMetadata.builder().finishReason(reply.finishReason()).build();
    ChatResponseMetadata.Builder metadata = ChatResponseMetadata.builder().id(id).model(model);
    Optional.of(reply)
        .flatMap(Reply::usage)
        .ifPresent(
            usage -> metadata.usage(new DefaultUsage(usage.promptTokens(), usage.newTokens())));
    return new ChatResponse(List.of(new Generation(message, end)), metadata.build());
  }

  static String reason(FinishReason reason) {
    return switch (reason) {
      case EOS, STOP_STRING, STOP_ID, STOP -> "STOP";
      case LENGTH, CONTEXT_LENGTH -> "LENGTH";
      case CONTENT_FILTER -> "CONTENT_FILTER";
      case CANCELLED -> "CANCELLED";
      case OTHER -> "OTHER";
    };
  }
}
