package io.adapt4j.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.exception.RateLimitException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import io.adapt4j.core.exception.TooManyRequestsException;
import io.adapt4j.core.text.RequestRefusedException;
import java.util.UUID;

/** Converts Adapt4J's answers and failures to LangChain4j's types. */
final class Answers {

  private Answers() {}

  static ChatResponse response(Reply reply, String modelName) {
    AiMessage.Builder message = AiMessage.builder();
    if (!reply.text().isEmpty() || reply.calls().isEmpty()) {
      message.text(reply.text());
    }
    if (!reply.thinking().isEmpty()) {
      message.thinking(reply.thinking());
    }
    if (!reply.calls().isEmpty()) {
      message.toolExecutionRequests(reply.calls());
    }
    ChatResponse.Builder response =
        ChatResponse.builder()
            .aiMessage(message.build())
            .id("adapt4j-" + UUID.randomUUID())
            .modelName(modelName)
            .finishReason(reply.finishReason());
    reply
        .usage()
        .ifPresent(
            usage -> response.tokenUsage(new TokenUsage(usage.promptTokens(), usage.newTokens())));
    return response.build();
  }

  static FinishReason reason(io.adapt4j.core.generate.FinishReason reason) {
    return switch (reason) {
      case EOS, STOP_STRING, STOP_ID, STOP -> FinishReason.STOP;
      case LENGTH, CONTEXT_LENGTH -> FinishReason.LENGTH;
      case CONTENT_FILTER -> FinishReason.CONTENT_FILTER;
      case CANCELLED, OTHER -> FinishReason.OTHER;
    };
  }

  static LangChain4jException failure(RuntimeException failure) {
    if (failure instanceof LangChain4jException theirs) {
      return theirs;
    }
    if (failure instanceof TooManyRequestsException) {
      return new RateLimitException(failure.getMessage(), failure);
    }
    return failure instanceof RequestRefusedException || failure instanceof IllegalArgumentException
        ? new InvalidRequestException(failure.getMessage(), failure)
        : new LangChain4jException(failure.getMessage(), failure);
  }
}
