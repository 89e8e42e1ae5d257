package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.TextConstraint;
import io.adapt4j.structured.UnsupportedConstraintException;
import java.util.Optional;

/** What the text of an answer is to be. */
final class TextShape {

  private TextShape() {}

  /** Of a conversation: {@code response_format}. Empty where it may be any text. */
  static Optional<TextConstraint> read(Parameters parameters) {
    Optional<JsonNode> json = parameters.value("response_format");
    return json.flatMap(
        format -> read("response_format", "json_schema.", format, format.path("json_schema")));
  }

  /** Of a response: {@code text.format}. */
  static Optional<TextConstraint> readText(Parameters parameters) {
    JsonNode text = parameters.value("text").orElse(null);
    if (text == null) {
      return Optional.empty();
    }
    if (!text.isObject()) {
      throw Fault.parameter("text", "expected an object, found " + Parameters.kind(text));
    }
    Parameters fields = new Parameters(text);
    if (fields.value("verbosity").filter(how -> !how.asText().equals("medium")).isPresent()) {
      throw Fault.unsupported("text", "this server has the verbosity medium alone");
    }
    Optional<JsonNode> format = fields.value("format");
    fields.requireNoOthers();
    return format.flatMap(json -> read("text", "format.", json, json));
  }

  /**
   * Reads a format.
   *
   * @param at where the schema is within the parameter
   * @param holder what has the schema
   */
  private static Optional<TextConstraint> read(
      String name, String at, JsonNode format, JsonNode holder) {
    return switch (format.path("type").asText()) {
      case "text" -> Optional.empty();
      case "json_object" -> Optional.of(JsonSchema.anyObject());
      case "json_schema" -> Optional.of(schema(name, at, holder.path("schema")));
      default -> throw Fault.parameter(name, "expected the type text, json_object or json_schema");
    };
  }

  private static TextConstraint schema(String name, String at, JsonNode schema) {
    if (!schema.isObject()) {
      throw Fault.parameter(name, at + "schema: expected an object");
    }
    try {
      return JsonSchema.parse(Json.compact(schema));
    } catch (UnsupportedConstraintException e) {
      throw Fault.parameter(name, at + "schema: " + e.getMessage());
    }
  }
}
