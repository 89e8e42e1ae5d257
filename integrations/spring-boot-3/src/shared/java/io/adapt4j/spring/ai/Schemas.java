package io.adapt4j.spring.ai;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.UnsupportedConstraintException;
import io.adapt4j.tools.ToolChat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Schemas of answers. */
final class Schemas {

  private static final Logger LOG = LoggerFactory.getLogger(Schemas.class);
  private static final JsonMapper MAPPER = new JsonMapper();

  /** Text with which Spring AI's {@code BeanOutputConverter} describes the schema of an entity. */
  private static final Pattern TOLD =
      Pattern.compile(
          "JSON Schema instance your output must adhere to:\\s*```(?:json)?\\s*(\\{.*?})\\s*```",
          Pattern.DOTALL);

  private Schemas() {}

  /**
   * Constrains answers without calls to a schema: that of the options, else the one that Spring AI
   * wrote into the conversation for {@code entity(...)}. An unsupported schema of the latter kind
   * is left to the model.
   */
  static ToolChat hold(ToolChat chat, Question question) {
    if (question.schema().isPresent()) {
      return chat.text(JsonSchema.parse(question.schema().get()));
    }
    Optional<String> told = told(question.messages());
    if (told.isEmpty()) {
      return chat;
    }
    try {
      return chat.text(JsonSchema.parse(bounded(told.get())));
    } catch (UnsupportedConstraintException
        | IllegalArgumentException
        | JsonProcessingException e) {
      LOG.warn("The schema of an entity is not ensured: {}", e.getMessage());
      return chat;
    }
  }

  /** Java's integers have bounds, which their schema states at most as a format. */
  private static String bounded(String schema) throws JsonProcessingException {
    JsonNode tree = MAPPER.readTree(schema);
    for (JsonNode typed : tree.findParents("type")) {
      if (typed instanceof ObjectNode number
          && number.path("type").asText().equals("integer")
          && !number.has("minimum")
          && !number.has("maximum")) {
        boolean isInt = number.path("format").asText().equals("int32");
        number.put("minimum", isInt ? Integer.MIN_VALUE : Long.MIN_VALUE);
        number.put("maximum", isInt ? Integer.MAX_VALUE : Long.MAX_VALUE);
      }
    }
    return tree.toString();
  }

  /** Returns the schema in the last user or system message. */
  private static Optional<String> told(List<ChatMessage> messages) {
    Optional<String> told = Optional.empty();
    for (ChatMessage message : messages) {
      if (message.role().equals("user") || message.role().equals("system")) {
        Matcher matcher = TOLD.matcher(String.valueOf(message.content()));
        while (matcher.find()) {
          told = Optional.of(matcher.group(1));
        }
      }
    }
    return told;
  }
}
