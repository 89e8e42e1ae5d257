package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.chat.ChatMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** What a response answers: a text, or messages, of which texts are read. */
final class ResponseInput {

  static final String NAME = "input";

  private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant");
  private static final Set<String> TEXTS = Set.of("input_text", "output_text", "text");

  private ResponseInput() {}

  /** The conversation; instructions are the system's. */
  static List<ChatMessage> read(Parameters parameters) {
    List<ChatMessage> messages = new ArrayList<>();
    if (parameters.value("instructions").isPresent()) {
      messages.add(ChatMessage.system(parameters.text("instructions")));
    }
    JsonNode json = parameters.required(NAME);
    if (json.isTextual()) {
      messages.add(ChatMessage.user(json.textValue()));
      return messages;
    }
    if (!json.isArray() || json.isEmpty()) {
      throw Fault.parameter(NAME, "expected a text or an array with at least one message");
    }
    for (int i = 0; i < json.size(); i++) {
      messages.add(message(NAME + "[" + i + "]", json.get(i)));
    }
    return messages;
  }

  private static ChatMessage message(String at, JsonNode json) {
    if (!json.isObject()) {
      throw Fault.parameter(at, "expected an object, found " + Parameters.kind(json));
    }
    Parameters fields = new Parameters(json);
    if (fields.value("type").isPresent() && !fields.text("type").equals("message")) {
      throw Fault.unsupported(
          at + ".type", "this server reads messages, found '" + fields.text("type") + "'");
    }
    String role = fields.text("role");
    if (!ROLES.contains(role)) {
      throw Fault.parameter(
          at + ".role", "expected system, developer, user or assistant, found '" + role + "'");
    }
    String content = content(at + ".content", fields.required("content"));
    fields.ignore("id", "status", "phase");
    fields.requireNoOthers();
    return ChatMessage.of(role.equals("developer") ? "system" : role, content);
  }

  /** A text, or texts on lines of their own. */
  private static String content(String at, JsonNode json) {
    if (json.isTextual()) {
      return json.textValue();
    }
    if (!json.isArray()) {
      throw Fault.parameter(
          at, "expected a string or an array of parts, found " + Parameters.kind(json));
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode part : json) {
      String type = part.path("type").asText();
      if (!TEXTS.contains(type)) {
        throw Fault.unsupported(
            at, "this server reads texts, found a part of the type '" + type + "'");
      }
      if (!part.path("text").isTextual()) {
        throw Fault.parameter(at, "expected a text in each part");
      }
      texts.add(part.get("text").textValue());
    }
    return String.join("\n", texts);
  }
}
