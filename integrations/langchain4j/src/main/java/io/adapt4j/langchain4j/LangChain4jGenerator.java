package io.adapt4j.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.LangChain4jException;
import dev.langchain4j.model.chat.ChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.GeneratorException;
import io.adapt4j.core.text.RequestRefusedException;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.text.TokenUsage;
import java.util.List;
import java.util.Optional;

/** A LangChain4j chat model as an Adapt4J text generator. */
record LangChain4jGenerator(ChatModel model) implements TextGenerator {

  @Override
  public GeneratedText generate(List<ChatMessage> messages, GenerationOptions options) {
    ChatRequest request = request(messages, options);
    try {
      return answer(model.chat(request));
    } catch (InvalidRequestException e) {
      throw new RequestRefusedException("the model refuses the request: " + e.getMessage(), e);
    } catch (LangChain4jException e) {
      throw new GeneratorException("the model cannot answer: " + e.getMessage(), e);
    }
  }

  private static ChatRequest request(List<ChatMessage> messages, GenerationOptions options) {
    refuse("minP", options.minP() > 0, options.minP());
    refuse("repetitionPenalty", options.repetitionPenalty() != 1, options.repetitionPenalty());
    refuse("logitBias", !options.logitBias().isEmpty(), options.logitBias());
    refuse("stopIds", !options.stopIds().isEmpty(), options.stopIds());
    refuse("ignoreEos", options.ignoreEos(), true);
    refuse("ignoreContextLength", options.ignoreContextLength(), true);
    refuse("skipSpecialTokens", !options.skipSpecialTokens(), false);
    refuse("constraint", options.constraint().isPresent(), options.constraint());
    ChatRequest.Builder request =
        ChatRequest.builder()
            .messages(messages.stream().map(LangChain4jGenerator::message).toList())
            .maxOutputTokens(options.maxNewTokens())
            .temperature(options.temperature());
    if (options.frequencyPenalty() != 0) {
      request.frequencyPenalty(options.frequencyPenalty());
    }
    if (options.presencePenalty() != 0) {
      request.presencePenalty(options.presencePenalty());
    }
    if (options.topP() < 1) {
      request.topP(options.topP());
    }
    if (options.topK() > 0) {
      request.topK(options.topK());
    }
    if (!options.stopStrings().isEmpty()) {
      request.stopSequences(options.stopStrings());
    }
    return request.build();
  }

  private static void refuse(String option, boolean set, Object value) {
    if (set) {
      throw new IllegalArgumentException(
          option + ": expected it unset for a model of LangChain4j, found " + value);
    }
  }

  private static dev.langchain4j.data.message.ChatMessage message(ChatMessage message) {
    if (!(message.content() instanceof String text)) {
      throw new RequestRefusedException(
          ("message of the role %s: expected a text, found %s. Models of LangChain4j are given"
                  + " texts only.")
              .formatted(message.role(), message.content()));
    }
    return switch (message.role()) {
      case "system" -> SystemMessage.from(text);
      case "user" -> UserMessage.from(text);
      case "assistant" -> AiMessage.from(text);
      default ->
          throw new RequestRefusedException(
              "role: expected system, user or assistant, found " + message.role());
    };
  }

  private static GeneratedText answer(ChatResponse response) {
    Optional<TokenUsage> usage =
        Optional.ofNullable(response.tokenUsage())
            .filter(
                tokenUsage ->
                    tokenUsage.inputTokenCount() != null && tokenUsage.outputTokenCount() != null)
            .map(
                tokenUsage ->
                    new TokenUsage(tokenUsage.inputTokenCount(), tokenUsage.outputTokenCount()));
    String text = Optional.ofNullable(response.aiMessage().text()).orElse("");
    return new GeneratedText(text, reason(response.finishReason()), usage, false);
  }

  private static FinishReason reason(dev.langchain4j.model.output.FinishReason reason) {
    if (reason == null) {
      return FinishReason.OTHER;
    }
    return switch (reason) {
      case STOP -> FinishReason.STOP;
      case LENGTH -> FinishReason.LENGTH;
      case CONTENT_FILTER -> FinishReason.CONTENT_FILTER;
      case TOOL_EXECUTION, OTHER -> FinishReason.OTHER;
    };
  }
}
