package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.chat.ChatMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The messages of a conversation, of which texts are read. */
final class Messages {

  private static final String NAME = "messages";
  private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant");

  private Messages() {}

  static List<ChatMessage> read(Parameters parameters) {
    JsonNode json = parameters.required(NAME);
    if (!json.isArray() || json.isEmpty()) {
      throw Fault.parameter(NAME, "expected an array with at least one message");
    }
    List<ChatMessage> messages = new ArrayList<>();
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
    String role = fields.text("role");
    if (role.equals("tool") || role.equals("function")) {
      throw Fault.unsupported(at + ".role", "this server does not support tools yet");
    }
    if (!ROLES.contains(role)) {
      throw Fault.parameter(
          at + ".role", "expected system, developer, user or assistant, found '" + role + "'");
    }
    fields.refuse("tool_calls", JsonNode::isEmpty);
    fields.refuse("function_call", value -> false);
    fields.refuse("audio", value -> false);
    fields.refuse("refusal", value -> value.isTextual() && value.textValue().isEmpty());
    fields.ignore("annotations");
    String content = content(at + ".content", fields.required("content"));
    Optional<String> name = fields.value("name").map(value -> fields.text("name"));
    fields.requireNoOthers();
    ChatMessage message = ChatMessage.of(role.equals("developer") ? "system" : role, content);
    return name.isPresent() ? message.with("name", name.get()) : message;
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
      if (!part.path("type").asText().equals("text")) {
        throw Fault.unsupported(
            at,
            "this server reads parts of the type text, found '" + part.path("type").asText() + "'");
      }
      if (!part.path("text").isTextual()) {
        throw Fault.parameter(at, "expected a text in each part");
      }
      texts.add(part.get("text").textValue());
    }
    return String.join("\n", texts);
  }
}
