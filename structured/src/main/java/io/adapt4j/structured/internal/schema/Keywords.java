package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Supported keywords, and alternatives to the others. */
final class Keywords {

  /** Keywords whose value is a schema. */
  static final Set<String> SCHEMA =
      Set.of(
          "additionalProperties",
          "additionalItems",
          "items",
          "propertyNames",
          "not",
          "if",
          "then",
          "else",
          "contains",
          "unevaluatedItems",
          "unevaluatedProperties",
          "contentSchema");

  /** Keywords whose value is a list of schemas. */
  static final Set<String> LIST = Set.of("allOf", "anyOf", "oneOf", "prefixItems", "items");

  /** Keywords whose value names schemas. */
  static final Set<String> NAMED =
      Set.of(
          "properties",
          "patternProperties",
          "$defs",
          "definitions",
          "dependentSchemas",
          "dependencies");

  private static final Map<String, String> REMEDIES = new LinkedHashMap<>();

  static {
    REMEDIES.put("not", "Say what is allowed instead, with enum, type or anyOf.");
    REMEDIES.put("contains", "Give the elements that are wanted with prefixItems.");
    REMEDIES.put("dependentRequired", "Offer the combinations with anyOf.");
    REMEDIES.put("dependentSchemas", "Offer the combinations with anyOf.");
    REMEDIES.put("dependencies", "Offer the combinations with anyOf.");
    REMEDIES.put("unevaluatedItems", "State the elements with items.");
    REMEDIES.put(
        "unevaluatedProperties", "Join the schemas into one and use additionalProperties.");
    REMEDIES.put("$dynamicRef", "Use $ref.");
    REMEDIES.put("$recursiveRef", "Use $ref.");
    REMEDIES.put("extends", "Use allOf.");
    REMEDIES.put("disallow", "Say what is allowed instead.");
  }

  private Keywords() {}

  /** Refuses a schema with a keyword that would be ignored. */
  static void check(Part part) {
    REMEDIES.forEach(
        (keyword, remedy) -> {
          if (part.has(keyword) && !isWithoutEffect(keyword, part.get(keyword))) {
            throw part.unsupported(keyword, remedy);
          }
        });
    for (String keyword : List.of("contentEncoding", "contentMediaType")) {
      if (part.has(keyword) && part.replacing()) {
        throw part.unsupported(keyword, "Leave it out, and check the answer.");
      }
    }
    if (part.has("if") && (part.has("then") || part.has("else"))) {
      throw part.unsupported("if", "Offer the cases with anyOf.");
    }
  }

  private static boolean isWithoutEffect(String keyword, JsonNode value) {
    return switch (keyword) {
      case "unevaluatedItems", "unevaluatedProperties" ->
          value.isBoolean() ? value.booleanValue() : value.isObject() && value.isEmpty();
      case "dependentRequired", "dependentSchemas", "dependencies" -> value.isEmpty();
      case "not" -> value.isBoolean() && !value.booleanValue();
      default -> false;
    };
  }
}
