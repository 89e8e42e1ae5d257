package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.chat.ToolCallFields;
import io.adapt4j.tools.Tool;
import io.adapt4j.tools.ToolChoice;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The tools of a request.
 *
 * @param tools what may be called
 * @param choice whether something is to be called
 * @param parallel whether there may be several calls
 */
record ToolFields(List<Tool> tools, ToolChoice choice, boolean parallel) {

  private static final String TOOLS = "tools";
  private static final String CHOICE = "tool_choice";

  /** OpenAI's limit. */
  private static final int MOST = 128;

  static ToolFields read(Parameters parameters) {
    List<Tool> tools = new ArrayList<>();
    JsonNode json = parameters.value(TOOLS).orElse(null);
    if (json != null) {
      if (!json.isArray() || json.size() > MOST) {
        throw Fault.parameter(TOOLS, "expected an array of at most " + MOST + " tools");
      }
      for (int i = 0; i < json.size(); i++) {
        tools.add(tool(TOOLS + "[" + i + "]", json.get(i)));
      }
    }
    if (tools.stream().map(Tool::name).distinct().count() < tools.size()) {
      throw Fault.parameter(TOOLS, "expected one tool of each name");
    }
    ToolChoice choice = choice(parameters);
    if (choice.forcesCall() && tools.isEmpty()) {
      throw Fault.parameter(CHOICE, "expected only with tools");
    }
    choice
        .name()
        .filter(name -> tools.stream().noneMatch(tool -> tool.name().equals(name)))
        .ifPresent(
            name -> {
              throw Fault.parameter(CHOICE, "there is no tool called '" + name + "'");
            });
    boolean parallel =
        parameters.value("parallel_tool_calls").isEmpty() || parameters.flag("parallel_tool_calls");
    return new ToolFields(List.copyOf(tools), choice, parallel);
  }

  private static Tool tool(String at, JsonNode json) {
    if (!json.isObject()) {
      throw Fault.parameter(TOOLS, at + ": expected an object, found " + Parameters.kind(json));
    }
    String type = json.path("type").asText("function");
    if (!type.equals("function")) {
      throw Fault.unsupported(
          TOOLS, at + ": this server has tools of the type 'function', found '" + type + "'");
    }
    if (!json.path("function").isObject()) {
      throw Fault.parameter(TOOLS, at + ".function: expected an object");
    }
    try {
      return Tool.from(object(json));
    } catch (IllegalArgumentException e) {
      throw Fault.parameter(TOOLS, at + ": " + e.getMessage());
    }
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> object(JsonNode json) {
    return (Map<String, Object>) Objects.requireNonNull(ToolCallFields.plain(json));
  }

  private static ToolChoice choice(Parameters parameters) {
    JsonNode json = parameters.value(CHOICE).orElse(null);
    if (json == null) {
      return ToolChoice.auto();
    }
    if (json.isObject() && json.path("type").asText().equals("function")) {
      JsonNode name = json.path("function").path("name");
      if (name.isTextual()) {
        return ToolChoice.named(name.textValue());
      }
    }
    return switch (json.asText()) {
      case "auto" -> ToolChoice.auto();
      case "none" -> ToolChoice.none();
      case "required" -> ToolChoice.required();
      default ->
          throw Fault.parameter(
              CHOICE, "expected none, auto, required or a function with its name");
    };
  }
}
