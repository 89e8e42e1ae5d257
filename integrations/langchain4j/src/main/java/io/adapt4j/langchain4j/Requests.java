package io.adapt4j.langchain4j;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.image.Image;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ToolChoice;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.tools.ToolCall;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Converts LangChain4j's requests to Adapt4J's types. */
final class Requests {

  private Requests() {}

  static Question question(ChatRequest request, GenerationOptions usual) {
    ChatRequestParameters parameters = request.parameters();
    return new Question(
        messages(request),
        pictures(request),
        options(parameters, usual),
        Objects.requireNonNullElse(parameters.toolSpecifications(), List.of()),
        Objects.requireNonNullElse(parameters.toolChoice(), ToolChoice.AUTO),
        Objects.requireNonNullElse(parameters.responseFormat(), ResponseFormat.TEXT));
  }

  static List<ChatMessage> messages(ChatRequest request) {
    return request.messages().stream().map(Requests::message).toList();
  }

  static boolean hasPictures(ChatRequest request) {
    return !pictures(request).isEmpty();
  }

  private static List<Image> pictures(ChatRequest request) {
    return request.messages().stream()
        .flatMap(
            message ->
                message instanceof UserMessage user ? user.contents().stream() : Stream.empty())
        .filter(ImageContent.class::isInstance)
        .map(content -> ((ImageContent) content).image())
        .toList();
  }

  private static ChatMessage message(dev.langchain4j.data.message.ChatMessage message) {
    if (message instanceof SystemMessage system) {
      return ChatMessage.system(system.text());
    }
    if (message instanceof UserMessage user) {
      return user(user.contents());
    }
    if (message instanceof AiMessage answer) {
      return answer(answer);
    }
    if (message instanceof ToolExecutionResultMessage result) {
      ChatMessage said = ChatMessage.tool(text(result.contents()));
      ChatMessage named = result.toolName() == null ? said : said.with("name", result.toolName());
      return result.id() == null ? named : named.with("tool_call_id", result.id());
    }
    throw unsupported("messages of the type " + message.type());
  }

  /** Returns a text, or with pictures the parts as chat templates read them. */
  private static ChatMessage user(List<Content> contents) {
    if (contents.stream().noneMatch(ImageContent.class::isInstance)) {
      return ChatMessage.user(text(contents));
    }
    List<Map<String, String>> parts =
        contents.stream()
            .map(
                content ->
                    content instanceof ImageContent
                        ? Map.of("type", "image")
                        : Map.of("type", "text", "text", text(content)))
            .toList();
    return ChatMessage.of(Map.of("role", "user", "content", parts));
  }

  private static ChatMessage answer(AiMessage answer) {
    ChatMessage said = ChatMessage.assistant(Objects.requireNonNullElse(answer.text(), ""));
    ChatMessage thought =
        answer.thinking() == null ? said : said.with("reasoning_content", answer.thinking());
    return answer.hasToolExecutionRequests()
        ? thought.with(
            "tool_calls",
            answer.toolExecutionRequests().stream()
                .map(request -> call(request).definition())
                .toList())
        : thought;
  }

  private static ToolCall call(ToolExecutionRequest request) {
    String arguments = request.arguments();
    return new ToolCall(
        Objects.requireNonNullElse(request.id(), ""),
        request.name(),
        arguments == null || arguments.isBlank() ? "{}" : arguments);
  }

  private static String text(List<Content> contents) {
    return contents.stream().map(Requests::text).collect(Collectors.joining("\n"));
  }

  private static String text(Content content) {
    if (content instanceof TextContent text) {
      return text.text();
    }
    throw unsupported(content.type().name().toLowerCase(Locale.ROOT) + " contents");
  }

  /** Combines the parameters of a request with default options. */
  static GenerationOptions options(ChatRequestParameters parameters, GenerationOptions usual) {
    GenerationOptions.Builder options = usual.toBuilder();
    if (parameters.maxOutputTokens() != null) {
      options.maxNewTokens(parameters.maxOutputTokens());
    }
    if (parameters.temperature() != null) {
      options.temperature(parameters.temperature());
    }
    if (parameters.topP() != null) {
      options.topP(parameters.topP());
    }
    if (parameters.topK() != null) {
      options.topK(parameters.topK());
    }
    if (parameters.frequencyPenalty() != null) {
      options.frequencyPenalty(parameters.frequencyPenalty());
    }
    if (parameters.presencePenalty() != null) {
      options.presencePenalty(parameters.presencePenalty());
    }
    if (parameters.stopSequences() != null && !parameters.stopSequences().isEmpty()) {
      options.stopStrings(parameters.stopSequences());
    }
    if (parameters instanceof Adapt4jChatRequestParameters ours) {
      ours.seed().ifPresent(options::seed);
      ours.minP().ifPresent(options::minP);
      ours.repetitionPenalty().ifPresent(options::repetitionPenalty);
    }
    return options.build();
  }

  static UnsupportedFeatureException unsupported(String what) {
    return new UnsupportedFeatureException(what + ": not supported by this model of Adapt4J");
  }
}
