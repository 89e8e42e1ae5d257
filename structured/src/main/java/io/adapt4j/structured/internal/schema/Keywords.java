package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

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
    REMEDIES.put("unevaluatedItems", "State the elements with items.");
    REMEDIES.put("maxContains", "Leave it out, and check the answer.");
    REMEDIES.put("$dynamicRef", "Use $ref.");
    REMEDIES.put("$recursiveRef", "Use $ref.");
    REMEDIES.put("divisibleBy", "Use multipleOf.");
    REMEDIES.put("formatMinimum", "Use a pattern, and check the answer.");
    REMEDIES.put("formatMaximum", "Use a pattern, and check the answer.");
    REMEDIES.put("extends", "Use allOf.");
    REMEDIES.put("disallow", "Say what is allowed instead.");
  }

  /** Keywords that constrain a value, by their letters in lower case. */
  private static final Map<String, String> BY_LETTERS =
      Stream.of(
              SCHEMA.stream(),
              LIST.stream(),
              REMEDIES.keySet().stream(),
              Stream.of(
                  "properties",
                  "patternProperties",
                  "dependentSchemas",
                  "dependentRequired",
                  "type",
                  "enum",
                  "const",
                  "required",
                  "minProperties",
                  "maxProperties",
                  "minItems",
                  "maxItems",
                  "uniqueItems",
                  "minLength",
                  "maxLength",
                  "pattern",
                  "minimum",
                  "maximum",
                  "exclusiveMinimum",
                  "exclusiveMaximum",
                  "multipleOf",
                  "$ref"))
          .flatMap(names -> names)
          .distinct()
          .collect(Collectors.toMap(Keywords::letters, name -> name));

  private Keywords() {}

  /** Refuses a schema with a keyword that would be ignored. */
  static void check(Part part) {
    REMEDIES.forEach(
        (keyword, remedy) -> {
          if (part.has(keyword) && !isWithoutEffect(keyword, part.get(keyword))) {
            throw part.unsupported(keyword, remedy);
          }
        });
    part.schema().fieldNames().forEachRemaining(keyword -> checkSpelling(part, keyword));
    if (part.has("required") && !part.get("required").isArray()) {
      throw part.invalid("required", "a list of names");
    }
    for (String keyword : List.of("contentEncoding", "contentMediaType")) {
      if (part.has(keyword) && part.replacing()) {
        throw part.unsupported(keyword, "Leave it out, and check the answer.");
      }
    }
  }

  /** Refuses a keyword that is written like one of the standard, but differs. */
  private static void checkSpelling(Part part, String keyword) {
    String meant = BY_LETTERS.get(letters(keyword));
    if (meant != null && !meant.equals(keyword)) {
      throw part.unsupported(keyword, "Did you mean " + meant + "?");
    }
  }

  private static String letters(String keyword) {
    return keyword.replaceAll("[-_ ]", "").toLowerCase(Locale.ROOT);
  }

  private static boolean isWithoutEffect(String keyword, JsonNode value) {
    return switch (keyword) {
      case "unevaluatedItems" ->
          value.isBoolean() ? value.booleanValue() : value.isObject() && value.isEmpty();
      default -> false;
    };
  }
}
