package io.adapt4j.serve.internal.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.serve.internal.http.Fault;
import io.adapt4j.serve.internal.http.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Parses the messages of a conversation; only texts and pictures are read. */
public final class Messages {

  private static final String NAME = "messages";
  private static final Set<String> TEXT = Set.of("text");
  private static final String READS = "parts of the type text, found";
  private static final Set<String> ROLES = Set.of("system", "developer", "user", "assistant");

  private Messages() {}

  /** Reads a conversation of texts. */
  public static List<ChatMessage> read(Parameters parameters) {
    return read(parameters, PictureParts.none());
  }

  /** Reads a conversation, and its pictures. */
  public static List<ChatMessage> read(Parameters parameters, PictureParts pictures) {
    JsonNode json = parameters.required(NAME);
    if (!json.isArray() || json.isEmpty()) {
      throw Fault.parameter(NAME, "expected an array with at least one message");
    }
    List<ChatMessage> messages = new ArrayList<>();
    for (int i = 0; i < json.size(); i++) {
      messages.add(message(NAME + "[" + i + "]", json.get(i), pictures));
    }
    return messages;
  }

  private static ChatMessage message(String at, JsonNode json, PictureParts pictures) {
    if (!json.isObject()) {
      throw Fault.parameter(at, "expected an object, found " + Parameters.kind(json));
    }
    Parameters fields = new Parameters(json);
    String role = fields.text("role");
    if (role.equals("tool")) {
      return result(at, fields);
    }
    if (role.equals("function")) {
      throw Fault.unsupported(at + ".role", "this server has tools, no functions; use 'tool'");
    }
    if (!ROLES.contains(role)) {
      throw Fault.parameter(
          at + ".role",
          "expected system, developer, user, assistant or tool, found '" + role + "'");
    }
    List<Map<String, Object>> calls = calls(at + ".tool_calls", fields, role);
    fields.refuse("function_call", value -> false);
    fields.refuse("audio", value -> false);
    fields.refuse("refusal", value -> value.isTextual() && value.textValue().isEmpty());
    fields.ignore("annotations");
    JsonNode given =
        calls.isEmpty() ? fields.required("content") : fields.value("content").orElse(null);
    Object content = "";
    if (given != null) {
      content =
          role.equals("user")
              ? content(at + ".content", given, TEXT, READS, pictures)
              : content(at + ".content", given);
    }
    Optional<String> thinking =
        fields.value("reasoning_content").map(value -> fields.text("reasoning_content"));
    Optional<String> name = fields.value("name").map(value -> fields.text("name"));
    fields.requireNoOthers();
    ChatMessage message = message(role, content);
    if (name.isPresent()) {
      message = message.with("name", name.get());
    }
    if (thinking.isPresent()) {
      message = message.with("reasoning_content", thinking.get());
    }
    return calls.isEmpty() ? message : message.with("tool_calls", calls);
  }

  private static ChatMessage result(String at, Parameters fields) {
    String content = content(at + ".content", fields.required("content"));
    ChatMessage message =
        ChatMessage.tool(content).with("tool_call_id", fields.text("tool_call_id"));
    Optional<String> name = fields.value("name").map(value -> fields.text("name"));
    fields.requireNoOthers();
    return name.isPresent() ? message.with("name", name.get()) : message;
  }

  /** Reads tool calls of an assistant, whose arguments are a text. */
  private static List<Map<String, Object>> calls(String at, Parameters fields, String role) {
    JsonNode json = fields.value("tool_calls").orElse(JsonNodeFactory.instance.arrayNode());
    if (!json.isArray() || (!json.isEmpty() && !role.equals("assistant"))) {
      throw Fault.parameter(at, "expected an array, in a message of the assistant");
    }
    List<Map<String, Object>> calls = new ArrayList<>();
    for (int i = 0; i < json.size(); i++) {
      JsonNode call = json.get(i);
      JsonNode function = call.path("function");
      if (!call.path("id").isTextual()
          || !function.path("name").isTextual()
          || !function.path("arguments").isTextual()) {
        throw Fault.parameter(
            at + "[" + i + "]",
            "expected an id and a function with name and arguments, all of them strings");
      }
      calls.add(
          toolCall(
              call.get("id").textValue(),
              function.get("name").textValue(),
              function.get("arguments").textValue()));
    }
    return calls;
  }

  private static String content(String at, JsonNode json) {
    return content(at, json, TEXT, READS);
  }

  /**
   * Reads the content of a user's message: a text, or with pictures the parts as chat templates
   * read them.
   */
  public static Object content(
      String at, JsonNode json, Set<String> types, String reads, PictureParts pictures) {
    boolean isText = true;
    for (JsonNode part : json) {
      isText &= !PictureParts.isPicture(part);
    }
    if (!json.isArray() || isText) {
      return content(at, json, types, reads);
    }
    List<Map<String, Object>> parts = new ArrayList<>();
    for (int i = 0; i < json.size(); i++) {
      JsonNode part = json.get(i);
      if (PictureParts.isPicture(part)) {
        pictures.add(at + "[" + i + "]", part);
        parts.add(Map.of("type", "image"));
      } else {
        parts.add(Map.of("type", "text", "text", text(at, part, types, reads)));
      }
    }
    return parts;
  }

  /** Reads a text, or several parts of some types joined by line feeds. */
  public static String content(String at, JsonNode json, Set<String> types, String reads) {
    if (json.isTextual()) {
      return json.textValue();
    }
    if (!json.isArray()) {
      throw Fault.parameter(
          at, "expected a string or an array of parts, found " + Parameters.kind(json));
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode part : json) {
      texts.add(text(at, part, types, reads));
    }
    return String.join("\n", texts);
  }

  /** Reads a part that is a text. */
  private static String text(String at, JsonNode part, Set<String> types, String reads) {
    String type = part.path("type").asText();
    if (!types.contains(type)) {
      throw Fault.unsupported(at, "this server reads " + reads + " '" + type + "'");
    }
    if (!part.path("text").isTextual()) {
      throw Fault.parameter(at, "expected a text in each part");
    }
    return part.get("text").textValue();
  }

  /** Creates a message of a text or parts. */
  public static ChatMessage message(String role, Object content) {
    String known = role.equals("developer") ? "system" : role;
    return content instanceof String text
        ? ChatMessage.of(known, text)
        : ChatMessage.of(Map.of("role", known, "content", content));
  }

  /** Creates a tool call of an assistant's message. */
  public static Map<String, Object> toolCall(String id, String name, String arguments) {
    Map<String, Object> function = Map.of("name", name, "arguments", arguments);
    return Map.of("id", id, "type", "function", "function", function);
  }
}
