package io.adapt4j.rag.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.GeneratorException;
import io.adapt4j.core.text.RequestRefusedException;

/** Our answers and failures in the words of LangChain4j. */
final class Responses {

  private Responses() {}

  static ChatResponse of(GeneratedText answer) {
    ChatResponse.Builder response =
        ChatResponse.builder()
            .aiMessage(AiMessage.from(answer.text()))
            .finishReason(reason(answer.finishReason()));
    answer
        .usage()
        .ifPresent(
            usage -> response.tokenUsage(new TokenUsage(usage.promptTokens(), usage.newTokens())));
    return response.build();
  }

  private static FinishReason reason(io.adapt4j.core.generate.FinishReason reason) {
    return switch (reason) {
      case EOS, STOP_STRING, STOP_ID, STOP -> FinishReason.STOP;
      case LENGTH, CONTEXT_LENGTH -> FinishReason.LENGTH;
      case CONTENT_FILTER -> FinishReason.CONTENT_FILTER;
      case CANCELLED, OTHER -> FinishReason.OTHER;
    };
  }

  static LangChain4jException failure(GeneratorException failure) {
    return failure instanceof RequestRefusedException
        ? new InvalidRequestException(failure.getMessage(), failure)
        : new LangChain4jException(failure.getMessage(), failure);
  }
}
