package io.adapt4j.serve.telemetry;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Messages in the JSON of the conventions: roles, each with parts. */
final class Contents {

  private static final String TYPE = "type";

  private Contents() {}

  static String messages(List<ChatMessage> messages) {
    return json(
        messages.stream()
            .map(message -> Map.of("role", message.role(), "parts", parts(message)))
            .toList());
  }

  static String json(Object value) {
    return Json.compact(PlainJson.tree(value));
  }

  private static List<Map<String, Object>> parts(ChatMessage message) {
    List<Map<String, Object>> parts = new ArrayList<>();
    if (message.content() instanceof String text && !text.isEmpty()) {
      boolean result = message.role().equals("tool");
      parts.add(
          result
              ? Map.of(TYPE, "tool_call_response", "response", text)
              : Map.of(TYPE, "text", "content", text));
    }
    if (message.fields().get("tool_calls") instanceof List<?> calls) {
      for (Object call : calls) {
        if (call instanceof Map<?, ?> fields
            && fields.get("function") instanceof Map<?, ?> called) {
          parts.add(
              Map.of(
                  TYPE,
                  "tool_call",
                  "name",
                  String.valueOf(called.get("name")),
                  "arguments",
                  String.valueOf(called.get("arguments"))));
        }
      }
    }
    return parts;
  }
}
