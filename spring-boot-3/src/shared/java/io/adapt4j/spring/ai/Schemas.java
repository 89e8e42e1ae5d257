package io.adapt4j.spring.ai;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.structured.JsonSchema;
import java.util.Optional;

/** Schemas of answers as constraints of generation. */
final class Schemas {

  private Schemas() {}

  /** Options that hold an answer to a schema. */
  static GenerationOptions options(Optional<String> schema, GenerationOptions options) {
    return schema.isEmpty()
        ? options
        : options.toBuilder().constraint(JsonSchema.parse(schema.get())).build();
  }
}
