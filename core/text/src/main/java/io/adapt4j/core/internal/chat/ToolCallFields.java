package io.adapt4j.core.internal.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Message fields for tool calls, in the formats of OpenAI and Transformers. */
public final class ToolCallFields {

  static final String CALLS = "tool_calls";
  static final String CALL_ID = "tool_call_id";
  static final String ID = "id";
  static final String FUNCTION = "function";
  static final String NAME = "name";
  static final String ARGUMENTS = "arguments";

  private ToolCallFields() {}

  /** {@return whether a message calls tools or has the result of one} */
  static boolean isAboutTools(ChatMessage message) {
    return message.role().equals("tool")
        || (message.fields().containsKey(CALLS) && !calls(message).isEmpty());
  }

  /** Returns the tool calls of a message, skipping anything that is not a map. */
  static List<Map<?, ?>> calls(ChatMessage message) {
    List<Map<?, ?>> calls = new ArrayList<>();
    if (message.fields().get(CALLS) instanceof List<?> list) {
      for (Object call : list) {
        if (call instanceof Map<?, ?> map) {
          calls.add(map);
        }
      }
    }
    return calls;
  }

  /** Returns the map with a call's name and arguments, which may be nested in {@code function}. */
  static Map<?, ?> function(Map<?, ?> call) {
    return call.get(FUNCTION) instanceof Map<?, ?> function ? function : call;
  }

  /** Returns a copy of a call with other arguments. */
  static Map<String, Object> withArguments(Map<?, ?> call, Object arguments) {
    if (call.get(FUNCTION) instanceof Map<?, ?> function) {
      return with(call, FUNCTION, with(function, ARGUMENTS, arguments));
    }
    return with(call, ARGUMENTS, arguments);
  }

  static Map<String, Object> with(Map<?, ?> map, String field, Object value) {
    Map<String, Object> changed = new LinkedHashMap<>();
    map.forEach((key, old) -> changed.put((String) key, old));
    changed.put(field, value);
    return changed;
  }

  /** Returns arguments as an object, parsing text that contains a JSON object. */
  static @Nullable Object asObject(@Nullable Object arguments) {
    if (arguments instanceof String text) {
      if (text.isBlank()) {
        return Map.of();
      }
      try {
        if (Json.parseStrictly(text) instanceof ObjectNode object) {
          return PlainJson.value(object);
        }
      } catch (JsonProcessingException e) {
        // Left to the template.
        return arguments;
      }
    }
    return arguments == null ? Map.of() : arguments;
  }

  /** Returns arguments as text, writing an object as JSON. */
  static @Nullable Object asText(@Nullable Object arguments) {
    return arguments instanceof Map<?, ?> map ? PlainJson.object(map).toString() : arguments;
  }
}
