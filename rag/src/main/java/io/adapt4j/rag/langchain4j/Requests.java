package io.adapt4j.rag.langchain4j;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import java.util.List;
import java.util.stream.Collectors;

/** Requests of LangChain4j in our words. */
final class Requests {

  private Requests() {}

  static List<ChatMessage> messages(ChatRequest request) {
    return request.messages().stream().map(Requests::message).toList();
  }

  private static ChatMessage message(dev.langchain4j.data.message.ChatMessage message) {
    if (message instanceof SystemMessage system) {
      return ChatMessage.system(system.text());
    }
    if (message instanceof UserMessage user) {
      return ChatMessage.user(
          user.contents().stream().map(Requests::text).collect(Collectors.joining("\n")));
    }
    if (message instanceof AiMessage answer && !answer.hasToolExecutionRequests()) {
      return ChatMessage.assistant(answer.text());
    }
    throw unsupported("messages of tools");
  }

  private static String text(Content content) {
    if (content instanceof TextContent text) {
      return text.text();
    }
    throw unsupported("contents of the type " + content.type());
  }

  /** What a request says, else the options; refuses what there is no counterpart for. */
  static GenerationOptions options(ChatRequest request, GenerationOptions usual) {
    refuse(request);
    GenerationOptions.Builder options = usual.toBuilder();
    if (request.maxOutputTokens() != null) {
      options.maxNewTokens(request.maxOutputTokens());
    }
    if (request.temperature() != null) {
      options.temperature(request.temperature());
    }
    if (request.topP() != null) {
      options.topP(request.topP());
    }
    if (request.topK() != null) {
      options.topK(request.topK());
    }
    if (request.stopSequences() != null && !request.stopSequences().isEmpty()) {
      options.stopStrings(request.stopSequences());
    }
    return options.build();
  }

  private static void refuse(ChatRequest request) {
    if (request.toolSpecifications() != null && !request.toolSpecifications().isEmpty()) {
      throw unsupported("tools");
    }
    if (request.responseFormat() != null && !request.responseFormat().equals(ResponseFormat.TEXT)) {
      throw unsupported("a response format other than text");
    }
    if (request.frequencyPenalty() != null || request.presencePenalty() != null) {
      throw unsupported("frequency and presence penalties");
    }
    if (request.modelName() != null) {
      throw unsupported("the choice of a model in a request (modelName)");
    }
  }

  private static UnsupportedFeatureException unsupported(String what) {
    return new UnsupportedFeatureException("Generators of Adapt4J do not support " + what);
  }
}
