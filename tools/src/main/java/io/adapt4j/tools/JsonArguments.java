package io.adapt4j.tools;

import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.structured.JsonSchema;
import io.adapt4j.structured.TextConstraint;
import io.adapt4j.structured.UnsupportedConstraintException;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/** Grammar of a tool's arguments as a JSON object; any object if its schema cannot be enforced. */
final class JsonArguments {

  /** Keywords that may allow further properties. */
  private static final Set<String> OTHER_PROPERTIES =
      Set.of(
          "additionalProperties",
          "patternProperties",
          "unevaluatedProperties",
          "$ref",
          "allOf",
          "anyOf",
          "oneOf");

  private JsonArguments() {}

  static TextConstraint of(Tool tool) {
    try {
      return JsonSchema.parseSpaced(PlainJson.object(closed(tool.parameters())).toString());
    } catch (UnsupportedConstraintException e) {
      if (tool.isStrict()) {
        throw ArgumentGrammar.unsupported(tool, e);
      }
      return JsonSchema.anyObject();
    }
  }

  /** Excludes undeclared parameters, unless the schema allows further ones. */
  private static Map<String, Object> closed(Map<String, Object> schema) {
    if (!Collections.disjoint(schema.keySet(), OTHER_PROPERTIES)) {
      return schema;
    }
    Map<String, Object> closed = new LinkedHashMap<>(schema);
    closed.put("additionalProperties", false);
    return closed;
  }
}
