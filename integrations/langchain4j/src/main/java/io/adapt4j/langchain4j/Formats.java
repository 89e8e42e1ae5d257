package io.adapt4j.langchain4j;

import dev.langchain4j.internal.Json;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.TextConstraint;
import io.adapt4j.structured.UnsupportedConstraintException;
import java.util.Optional;

/** Converts response formats to constraints. */
final class Formats {

  /** No properties except those of the schema; optional ones may be null instead. */
  private static final boolean STRICT = true;

  private Formats() {}

  /** Returns the constraint of a format; empty for any text. */
  static Optional<TextConstraint> constraint(ResponseFormat format) {
    return format.type() == ResponseFormatType.TEXT ? Optional.empty() : Optional.of(json(format));
  }

  private static TextConstraint json(ResponseFormat format) {
    if (format.jsonSchema() == null) {
      return JsonSchema.anyObject();
    }
    JsonSchemaElement root = format.jsonSchema().rootElement();
    try {
      return root instanceof JsonRawSchema raw
          ? JsonSchema.parse(raw.schema())
          : JsonSchema.parse(Json.toJson(JsonSchemaElementUtils.toMap(root, STRICT)));
    } catch (UnsupportedConstraintException e) {
      throw Requests.unsupported("JSON response format with this schema: " + e.getMessage());
    }
  }
}
