package io.adapt4j.tools;

import io.adapt4j.core.internal.PlainJson;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A tool that a model may call: its name, its purpose, and a JSON Schema of its arguments.
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
   * Creates a tool that the application runs itself.
   *
   * @param name 1 to 64 letters, digits, underscores, hyphens or dots
   * @param description its purpose, for the model; may be empty
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
   * @param function implementation of the tool
   * @return the tool
   * @throws IllegalArgumentException as the other method does
   */
  public static Tool of(
      String name, String description, Map<String, ?> parameters, ToolFunction function) {
    return of(name, description, parameters).with(function);
  }

  /**
   * Reads a tool in the format of OpenAI's API.
   *
   * @param definition {@code {"type": "function", "function": {"name", "description", "parameters",
   *     "strict"}}}, or the contents of {@code function}; as in OpenAI's API, it is not {@link
   *     #isStrict} unless it says so
   * @return the tool
   * @throws IllegalArgumentException if there is no name, or a value is invalid
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

  /** In the same order in every JVM, as the model reads it. */
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
          Objects.requireNonNull(PlainJson.value(PlainJson.object(parameters)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "tool '" + tool + "': the schema of its parameters: " + e.getMessage(), e);
    }
  }

  /**
   * Returns a copy that {@link ToolChat#run} can run.
   *
   * @param newFunction implementation of the tool
   * @return the copy
   */
  public Tool with(ToolFunction newFunction) {
    Objects.requireNonNull(newFunction, "function");
    return new Tool(name, description, parameters, strict, newFunction);
  }

  /**
   * {@return a copy whose schema need not be enforced: if it has unsupported parts, calls may have
   * any arguments}
   */
  public Tool lenient() {
    return new Tool(name, description, parameters, false, function);
  }

  /**
   * {@return whether arguments must conform to the schema, so that unsupported parts are an error}
   */
  public boolean isStrict() {
    return strict;
  }

  /** {@return the name by which the model calls it} */
  public String name() {
    return name;
  }

  /** {@return its purpose; may be empty} */
  public String description() {
    return description;
  }

  /** {@return the JSON Schema of its arguments} */
  public Map<String, Object> parameters() {
    return parameters;
  }

  /** {@return its implementation; empty if the application runs it} */
  public Optional<ToolFunction> function() {
    return Optional.ofNullable(function);
  }

  /** {@return the tool in the format of chat templates and OpenAI's API} */
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
