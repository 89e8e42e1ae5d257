package io.adapt4j.langchain4j;

import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonRawSchema;
import dev.langchain4j.model.chat.request.json.JsonSchemaElement;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.generate.OutputConstraint;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.UnsupportedConstraintException;

/** Forms of answers as constraints of generation. */
final class Formats {

  private Formats() {}

  /** Options that hold an answer to a format. */
  static GenerationOptions options(ResponseFormat format, GenerationOptions options) {
    return format.type() == ResponseFormatType.TEXT
        ? options
        : options.toBuilder().constraint(constraint(format)).build();
  }

  private static OutputConstraint constraint(ResponseFormat format) {
    if (format.jsonSchema() == null) {
      return JsonSchema.anyObject();
    }
    JsonSchemaElement root = format.jsonSchema().rootElement();
    try {
      return root instanceof JsonRawSchema raw
          ? JsonSchema.parse(raw.schema())
          : JsonSchema.of(JsonSchemaElementUtils.toMap(root));
    } catch (UnsupportedConstraintException e) {
      throw Requests.unsupported("JSON response format with this schema: " + e.getMessage());
    }
  }
}
