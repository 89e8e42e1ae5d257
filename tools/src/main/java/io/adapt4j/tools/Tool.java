package io.adapt4j.tools;

import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.core.internal.chat.ToolCallFields;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A tool that a model may call: its name, what it is for, and a JSON Schema of its arguments.
 * Immutable.
 *
 * <pre>{@code
 * Tool weather = Tool.of("get_weather", "The weather in a city.",
 *     Map.of("type", "object",
 *         "properties", Map.of("city", Map.of("type", "string")),
 *         "required", List.of("city")));
 * }</pre>
 */
public final class Tool {

  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_.-]{1,64}");
  private static final Map<String, Object> NO_PARAMETERS = noParameters();

  private final String name;
  private final String description;
  private final Map<String, Object> parameters;
  private final boolean strict;
  private final @Nullable ToolFunction function;

  private Tool(
      String name,
      String description,
      Map<String, Object> parameters,
      boolean strict,
      @Nullable ToolFunction function) {
    this.name = name;
    this.description = description;
    this.parameters = parameters;
    this.strict = strict;
    this.function = function;
  }

  /**
   * Creates a tool that the application runs by itself.
   *
   * @param name 1 to 64 letters, digits, underscores, hyphens or dots
   * @param description what it is for, as the model is to know; may be empty
   * @param parameters a JSON Schema of an object; empty for a tool without arguments
   * @return the tool
   * @throws IllegalArgumentException if the name has other characters, or the schema is not of JSON
   *     values or of another type than {@code object}
   */
  public static Tool of(String name, String description, Map<String, ?> parameters) {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "a tool's name has 1 to 64 letters, digits, underscores, hyphens or dots, found '"
              + name
              + "'");
    }
    Objects.requireNonNull(description, "description");
    return new Tool(name, description, schema(name, parameters), true, null);
  }

  /**
   * Creates a tool that {@link ToolChat#run} can run.
   *
   * @param name 1 to 64 letters, digits, underscores, hyphens or dots
   * @param description what it is for, as the model is to know; may be empty
   * @param parameters a JSON Schema of an object; empty for a tool without arguments
   * @param function what it does
   * @return the tool
   * @throws IllegalArgumentException as the other method does
   */
  public static Tool of(
      String name, String description, Map<String, ?> parameters, ToolFunction function) {
    return of(name, description, parameters).with(function);
  }

  /**
   * Reads a tool as OpenAI's API has it.
   *
   * @param definition {@code {"type": "function", "function": {"name", "description", "parameters",
   *     "strict"}}}, or what is in {@code function} alone; as there, it is not {@link #isStrict}
   *     unless it says so
   * @return the tool
   * @throws IllegalArgumentException if there is no name, or a value is not as it should be
   */
  public static Tool from(Map<String, ?> definition) {
    Object type = definition.get("type");
    if (type != null && !type.equals("function")) {
      throw new IllegalArgumentException("a tool is of the type 'function', found '" + type + "'");
    }
    Map<?, ?> fields =
        definition.get("function") instanceof Map<?, ?> function ? function : definition;
    if (!(fields.get("name") instanceof String name)) {
      throw new IllegalArgumentException("a tool needs a text 'name', found " + fields.keySet());
    }
    Object description = Objects.requireNonNullElse(fields.get("description"), "");
    if (!(description instanceof String text)) {
      throw new IllegalArgumentException(
          "tool '" + name + "': its description is a text, found " + description);
    }
    Object parameters = Objects.requireNonNullElse(fields.get("parameters"), Map.of());
    if (!(parameters instanceof Map<?, ?> schema)) {
      throw new IllegalArgumentException(
          "tool '" + name + "': its parameters are a JSON Schema, found " + parameters);
    }
    Tool tool = of(name, text, names(schema));
    return Boolean.TRUE.equals(fields.get("strict")) ? tool : tool.lenient();
  }

  /** In this order in every JVM, as the model reads it. */
  private static Map<String, Object> noParameters() {
    Map<String, Object> schema = new LinkedHashMap<>();
    schema.put("type", "object");
    schema.put("properties", Map.of());
    return Collections.unmodifiableMap(schema);
  }

  private static Map<String, Object> names(Map<?, ?> map) {
    Map<String, Object> named = new LinkedHashMap<>();
    map.forEach((key, value) -> named.put(String.valueOf(key), value));
    return named;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> schema(String tool, Map<String, ?> parameters) {
    if (parameters.isEmpty()) {
      return NO_PARAMETERS;
    }
    Object type = parameters.get("type");
    if (type != null && !type.equals("object")) {
      throw new IllegalArgumentException(
          "tool '" + tool + "': its parameters are an object, found the type '" + type + "'");
    }
    try {
      return (Map<String, Object>)
          Objects.requireNonNull(ToolCallFields.plain(PlainJson.object(parameters)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "tool '" + tool + "': the schema of its parameters: " + e.getMessage(), e);
    }
  }

  /**
   * Returns a copy that {@link ToolChat#run} can run.
   *
   * @param newFunction what it does
   * @return the copy
   */
  public Tool with(ToolFunction newFunction) {
    Objects.requireNonNull(newFunction, "function");
    return new Tool(name, description, parameters, strict, newFunction);
  }

  /**
   * {@return a copy with a schema that need not be ensured: where it has what is not supported, a
   * call has any arguments}
   */
  public Tool lenient() {
    return new Tool(name, description, parameters, false, function);
  }

  /**
   * {@return whether arguments must fulfill the schema, so that one with unsupported parts fails}
   */
  public boolean isStrict() {
    return strict;
  }

  /** {@return the name that the model calls it by} */
  public String name() {
    return name;
  }

  /** {@return what it is for; may be empty} */
  public String description() {
    return description;
  }

  /** {@return the JSON Schema of its arguments} */
  public Map<String, Object> parameters() {
    return parameters;
  }

  /** {@return what it does; empty if the application runs it} */
  public Optional<ToolFunction> function() {
    return Optional.ofNullable(function);
  }

  /** {@return the tool as chat templates and OpenAI's API have it} */
  public Map<String, Object> definition() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", name);
    if (!description.isEmpty()) {
      fields.put("description", description);
    }
    fields.put("parameters", parameters);
    Map<String, Object> definition = new LinkedHashMap<>();
    definition.put("type", "function");
    definition.put("function", fields);
    return definition;
  }

  @Override
  public String toString() {
    return "Tool[" + name + "]";
  }
}
