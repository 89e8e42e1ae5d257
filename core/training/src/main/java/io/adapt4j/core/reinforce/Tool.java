package io.adapt4j.core.reinforce;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;

/**
 * A tool that a policy may call during an episode. Called on a thread of the run, one call at a
 * time; a failure and a call that exceeds its time are told to the model as {@code Error: ...}.
 */
public interface Tool {

  /**
   * {@return the tool in the format of OpenAI's API: {@code {"type": "function", "function":
   * {"name", "description", "parameters"}}}}
   */
  Map<String, Object> definition();

  /**
   * Runs the tool.
   *
   * @param arguments arguments of the call: texts, numbers, booleans, null, lists and maps, which
   *     need not conform to the schema
   * @return the result for the model
   * @throws Exception if it fails; the model receives the message
   */
  String call(Map<String, Object> arguments) throws Exception;

  /** {@return the name by which the model calls it} */
  default String name() {
    return definition().get("function") instanceof Map<?, ?> function
        ? String.valueOf(function.get("name"))
        : String.valueOf(definition().get("name"));
  }

  /**
   * Creates a tool.
   *
   * @param name 1 to 64 letters, digits, underscores, hyphens or dots
   * @param description its purpose, for the model; may be empty
   * @param parameters JSON Schema of an object
   * @param function implementation
   * @return the tool
   */
  static Tool of(
      String name,
      String description,
      Map<String, ?> parameters,
      Function<Map<String, Object>, String> function) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("name", Objects.requireNonNull(name, "name"));
    fields.put("description", Objects.requireNonNull(description, "description"));
    fields.put("parameters", Objects.requireNonNull(parameters, "parameters"));
    Map<String, Object> definition = new LinkedHashMap<>();
    definition.put("type", "function");
    definition.put("function", fields);
    return of(definition, function);
  }

  /**
   * Creates a tool from a definition, such as that of the module {@code adapt4j-tools}.
   *
   * @param definition the definition, in the format of OpenAI's API
   * @param function implementation
   * @return the tool
   */
  static Tool of(Map<String, Object> definition, Function<Map<String, Object>, String> function) {
    Objects.requireNonNull(definition, "definition");
    Objects.requireNonNull(function, "function");
    return new Tool() {
      @Override
      public Map<String, Object> definition() {
        return definition;
      }

      @Override
      public String call(Map<String, Object> arguments) {
        return function.apply(arguments);
      }
    };
  }
}
