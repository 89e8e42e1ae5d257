package io.adapt4j.spring.ai;

import io.adapt4j.structured.JsonSchema;
import io.adapt4j.tools.ToolChat;
import java.util.Optional;

/** Schemas of answers. */
final class Schemas {

  private Schemas() {}

  /** Holds answers that call nothing to a schema. */
  static ToolChat hold(ToolChat chat, Optional<String> schema) {
    return schema.isEmpty() ? chat : chat.text(JsonSchema.parse(schema.get()));
  }
}
