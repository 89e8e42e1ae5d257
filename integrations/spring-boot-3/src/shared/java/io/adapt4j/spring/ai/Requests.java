package io.adapt4j.spring.ai;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.tools.ToolCall;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.MessageType;
import org.springframework.ai.chat.messages.ToolResponseMessage;
import org.springframework.ai.content.Media;
import org.springframework.ai.content.MediaContent;
import org.springframework.ai.tool.definition.ToolDefinition;

/** Converts Spring AI's prompts to Adapt4J's types. */
final class Requests {

  private Requests() {}

  static Question question(
      List<Message> instructions,
      Adapt4jChatOptions options,
      List<ToolDefinition> tools,
      GenerationOptions usual) {
    Map<String, byte[]> pictures = new LinkedHashMap<>();
    return new Question(
        messages(instructions, pictures),
        pictures,
        generation(options, usual),
        tools,
        Optional.ofNullable(options.getOutputSchema()).filter(schema -> !schema.isBlank()));
  }

  /** Converts messages, and adds the pictures in them, by their places. */
  private static List<ChatMessage> messages(
      List<Message> instructions, Map<String, byte[]> pictures) {
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < instructions.size(); i++) {
      Message message = instructions.get(i);
      if (message instanceof MediaContent content && !content.getMedia().isEmpty()) {
        String place = "messages[%d] (%s)".formatted(i, message.getMessageType().getValue());
        messages.add(withPictures(message, content.getMedia(), place, pictures));
      } else if (message instanceof ToolResponseMessage results) {
        results
            .getResponses()
            .forEach(
                result ->
                    messages.add(
                        ChatMessage.tool(result.responseData())
                            .with("tool_call_id", result.id())
                            .with("name", result.name())));
      } else {
        messages.add(message(message));
      }
    }
    return messages;
  }

  private static ChatMessage withPictures(
      Message message, List<Media> media, String place, Map<String, byte[]> pictures) {
    if (message.getMessageType() != MessageType.USER) {
      throw new UnsupportedOperationException(
          place + ": found media. Move pictures to a user message, or remove them.");
    }
    List<Map<String, String>> parts = new ArrayList<>();
    for (int i = 0; i < media.size(); i++) {
      String name = "%s: media[%d]".formatted(place, i);
      if (!media.get(i).getMimeType().getType().equals("image")) {
        throw new UnsupportedOperationException(
            name + ": expected a picture, found " + media.get(i).getMimeType() + ". Remove it.");
      }
      if (!(media.get(i).getData() instanceof byte[] bytes)) {
        throw new UnsupportedOperationException(
            name + ": expected the bytes of a picture, found a URL. Give them, as by a Resource.");
      }
      pictures.put(name, bytes);
      parts.add(Map.of("type", "image"));
    }
    String text = Objects.requireNonNullElse(message.getText(), "");
    if (!text.isEmpty()) {
      parts.add(Map.of("type", "text", "text", text));
    }
    return ChatMessage.of(Map.of("role", "user", "content", parts));
  }

  private static ChatMessage message(Message message) {
    MessageType type = message.getMessageType();
    ChatMessage said =
        ChatMessage.of(type.getValue(), Objects.requireNonNullElse(message.getText(), ""));
    return message instanceof AssistantMessage answer && answer.hasToolCalls()
        ? said.with(
            "tool_calls",
            answer.getToolCalls().stream().map(call -> call(call).definition()).toList())
        : said;
  }

  private static ToolCall call(AssistantMessage.ToolCall call) {
    return new ToolCall(
        call.id(), call.name(), call.arguments().isBlank() ? "{}" : call.arguments());
  }

  private static GenerationOptions generation(Adapt4jChatOptions options, GenerationOptions usual) {
    GenerationOptions.Builder builder = usual.toBuilder();
    Optional.ofNullable(options.getMaxTokens()).ifPresent(builder::maxNewTokens);
    Optional.ofNullable(options.getTemperature()).ifPresent(builder::temperature);
    Optional.ofNullable(options.getTopK()).ifPresent(builder::topK);
    Optional.ofNullable(options.getTopP()).ifPresent(builder::topP);
    Optional.ofNullable(options.getStopSequences())
        .filter(texts -> !texts.isEmpty())
        .ifPresent(builder::stopStrings);
    Optional.ofNullable(options.getFrequencyPenalty()).ifPresent(builder::frequencyPenalty);
    Optional.ofNullable(options.getPresencePenalty()).ifPresent(builder::presencePenalty);
    Optional.ofNullable(options.getSeed()).ifPresent(builder::seed);
    Optional.ofNullable(options.getMinP()).ifPresent(builder::minP);
    Optional.ofNullable(options.getRepetitionPenalty()).ifPresent(builder::repetitionPenalty);
    return builder.build();
  }

  /** Refuses pictures, for models that do not read them. */
  static void refusePictures(Question question) {
    for (String place : question.pictures().keySet()) {
      throw new UnsupportedOperationException(
          place
              + ": found a picture, which this model does not read. Use a model with an image tower"
              + " and a chat template by SpringAiVision (io.adapt4j:adapt4j-vision), or remove it.");
    }
  }

  static UnsupportedOperationException unsupported(String what) {
    return new UnsupportedOperationException(what + ": not supported by this model of Adapt4J");
  }
}
