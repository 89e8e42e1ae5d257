package io.adapt4j.serve;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.Json;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.TextConstraint;
import io.adapt4j.structured.UnsupportedConstraintException;
import java.util.Optional;

/** What the text of an answer is to be: {@code response_format}. */
final class TextShape {

  private static final String NAME = "response_format";

  private TextShape() {}

  /** Empty where it may be any text. */
  static Optional<TextConstraint> read(Parameters parameters) {
    JsonNode json = parameters.value(NAME).orElse(null);
    if (json == null) {
      return Optional.empty();
    }
    return switch (json.path("type").asText()) {
      case "text" -> Optional.empty();
      case "json_object" -> Optional.of(JsonSchema.anyObject());
      case "json_schema" -> Optional.of(schema(json.path("json_schema").path("schema")));
      default -> throw Fault.parameter(NAME, "expected the type text, json_object or json_schema");
    };
  }

  private static TextConstraint schema(JsonNode schema) {
    if (!schema.isObject()) {
      throw Fault.parameter(NAME, "json_schema.schema: expected an object");
    }
    try {
      return JsonSchema.parse(Json.compact(schema));
    } catch (UnsupportedConstraintException e) {
      throw Fault.parameter(NAME, "json_schema.schema: " + e.getMessage());
    }
  }
}
