package io.adapt4j.core.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.internal.Json;
import java.util.Optional;

/** Parses a chat completion. */
final class ChatAnswer {

  private ChatAnswer() {}

  static GeneratedText parse(String body, ChatErrors errors) {
    JsonNode json;
    try {
      json = Json.parse(body);
    } catch (JsonProcessingException e) {
      throw errors.notACompletion(body);
    }
    JsonNode choice = json.path("choices").path(0);
    if (!choice.path("message").isObject()) {
      throw json.hasNonNull("error") ? errors.ofAnswer(body) : errors.notACompletion(body);
    }
    return new GeneratedText(
        text(choice.path("message").path("content")),
        finishReason(choice.path("finish_reason")),
        usage(json),
        false);
  }

  /** Reads a text, or the texts of parts. */
  static String text(JsonNode content) {
    if (content.isTextual()) {
      return content.textValue();
    }
    StringBuilder text = new StringBuilder();
    for (JsonNode part : content) {
      text.append(part.path("text").asText(""));
    }
    return text.toString();
  }

  static FinishReason finishReason(JsonNode reason) {
    return switch (reason.asText("")) {
      case "stop", "eos", "stop_sequence" -> FinishReason.STOP;
      case "length", "max_tokens" -> FinishReason.LENGTH;
      case "content_filter" -> FinishReason.CONTENT_FILTER;
      default -> FinishReason.OTHER;
    };
  }

  static Optional<TokenUsage> usage(JsonNode json) {
    JsonNode usage = json.path("usage");
    int prompt = usage.path("prompt_tokens").asInt(-1);
    int completion = usage.path("completion_tokens").asInt(0);
    return prompt < 0 || completion < 0
        ? Optional.empty()
        : Optional.of(new TokenUsage(prompt, completion));
  }
}
