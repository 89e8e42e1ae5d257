package io.adapt4j.tools;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A tool call.
 *
 * @param id id of the call, unique in the conversation
 * @param name the tool's name
 * @param arguments the JSON of an object
 */
public record ToolCall(String id, String name, String arguments) {

  /**
   * Checks the arguments. Throws {@link IllegalArgumentException} if the arguments are not a JSON
   * object.
   */
  public ToolCall {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    read(arguments);
  }

  private static Map<String, Object> read(String arguments) {
    try {
      if (Json.parseStrictly(arguments) instanceof ObjectNode object) {
        @SuppressWarnings("unchecked")
        Map<String, Object> map =
            (Map<String, Object>) Objects.requireNonNull(PlainJson.value(object));
        return map;
      }
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "the arguments of a call are a JSON object: " + e.getOriginalMessage(), e);
    }
    throw new IllegalArgumentException("the arguments of a call are a JSON object, found another");
  }

  /** {@return the arguments by name: texts, numbers, booleans, null, lists and maps} */
  public Map<String, Object> argumentsMap() {
    return read(arguments);
  }

  /** {@return the call in the format of a message's {@code tool_calls}} */
  public Map<String, Object> definition() {
    Map<String, Object> call = new LinkedHashMap<>();
    call.put("id", id);
    call.put("type", "function");
    Map<String, Object> function = new LinkedHashMap<>();
    function.put("name", name);
    function.put("arguments", argumentsMap());
    call.put("function", function);
    return call;
  }

  /**
   * Creates the message that answers the call.
   *
   * @param result result of the tool
   * @return a message of the role {@code tool}
   */
  public ChatMessage result(String result) {
    return ChatMessage.tool(result).with("tool_call_id", id).with("name", name);
  }
}
