package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.describe.Nearest;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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
    REMEDIES.put("requires", "Use dependentRequired or dependentSchemas.");
    // Assertions of other vocabularies: Ajv's, MongoDB's, JSON Type Definition's, CloudFormation's.
    REMEDIES.put("formatExclusiveMinimum", "Use a pattern, and check the answer.");
    REMEDIES.put("formatExclusiveMaximum", "Use a pattern, and check the answer.");
    REMEDIES.put("range", "Use minimum and maximum.");
    REMEDIES.put("exclusiveRange", "Use exclusiveMinimum and exclusiveMaximum.");
    REMEDIES.put("regexp", "Use pattern.");
    REMEDIES.put("typeof", "Use type.");
    REMEDIES.put("instanceof", "Use type.");
    REMEDIES.put("bsonType", "Use type.");
    REMEDIES.put("optionalProperties", "Use properties without required.");
    REMEDIES.put("allRequired", "Use required.");
    REMEDIES.put("anyRequired", "Use anyOf with required.");
    REMEDIES.put("oneRequired", "Use oneOf with required.");
    REMEDIES.put("requiredOr", "Use anyOf with required.");
    REMEDIES.put("requiredXor", "Use oneOf with required.");
    REMEDIES.put("dependentExcluded", "Use dependentSchemas with not and required.");
    REMEDIES.put("patternRequired", "Name the properties with required.");
    REMEDIES.put("prohibited", "Use not with required.");
    REMEDIES.put("deepRequired", "Use properties with required.");
    REMEDIES.put("deepProperties", "Use properties.");
    REMEDIES.put("selectCases", "Use if, then and else.");
    REMEDIES.put("propertyDependencies", "Use if, then and else.");
    REMEDIES.put("uniqueItemProperties", "Leave it out, and check the answer.");
    REMEDIES.put("uniqueKeys", "Leave it out, and check the answer.");
    REMEDIES.put("enumCaseInsensitive", "Use enum with every spelling that is wanted.");
  }

  private static final List<String> OBJECTS =
      List.of(
          "properties",
          "patternProperties",
          "dependentRequired",
          "dependentSchemas",
          "dependencies",
          "$defs",
          "definitions");

  /** Letters of the longest keyword. */
  private static final int LONGEST = 24;

  /** Keywords that constrain a value, by their letters in lower case. */
  private static final Map<String, String> BY_LETTERS =
      Stream.of(
              SCHEMA.stream(),
              LIST.stream(),
              NAMED.stream(),
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
                  "minContains",
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

  /** Keywords that constrain nothing, and could be taken for one that is misspelled. */
  private static final Set<String> ANNOTATIONS =
      Set.of(
          "$id", "$anchor", "$dynamicAnchor", "$recursiveAnchor", "$schema", "$defs", "nullable");

  /** Edits that make a keyword of at least so many letters another one. */
  private static final int LETTERS_OF_ONE_EDIT = 5;

  private static final int LETTERS_OF_TWO_EDITS = 9;

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
    check(part, "required", "a list of names", JsonNode::isArray);
    check(part, "pattern", "a text", JsonNode::isTextual);
    check(part, "format", "a text", JsonNode::isTextual);
    check(part, "nullable", "true or false", JsonNode::isBoolean);
    check(part, "uniqueItems", "true or false", JsonNode::isBoolean);
    check(part, "prefixItems", "a list of schemas", JsonNode::isArray);
    for (String keyword : OBJECTS) {
      check(part, keyword, "an object", JsonNode::isObject);
    }
    for (JsonNode names : part.get("dependentRequired")) {
      if (!names.isArray()) {
        throw part.invalid("dependentRequired", "lists of names");
      }
    }
    for (String keyword : List.of("contentEncoding", "contentMediaType")) {
      if (part.has(keyword) && part.replacing()) {
        throw part.unsupported(keyword, "Leave it out, and check the answer.");
      }
    }
  }

  private static void check(
      Part part, String keyword, String expected, Predicate<JsonNode> isExpected) {
    if (part.has(keyword) && !isExpected.test(part.get(keyword))) {
      throw part.invalid(keyword, expected);
    }
  }

  /** Refuses a keyword that is written like one of the standard, but differs. */
  private static void checkSpelling(Part part, String keyword) {
    String meant = BY_LETTERS.get(letters(keyword));
    if (meant == null && !ANNOTATIONS.contains(keyword)) {
      meant = misspelled(keyword);
    }
    if (meant != null && !meant.equals(keyword)) {
      throw part.unsupported(keyword, "Did you mean " + meant + "?");
    }
  }

  private static @Nullable String misspelled(String keyword) {
    int letters = keyword.length();
    int most = letters >= LETTERS_OF_TWO_EDITS ? 2 : letters >= LETTERS_OF_ONE_EDIT ? 1 : 0;
    if (most == 0 || letters > LONGEST + most) {
      return null;
    }
    String plain = letters(keyword);
    return BY_LETTERS.entrySet().stream()
        .filter(known -> known.getKey().length() >= LETTERS_OF_ONE_EDIT)
        .filter(known -> Nearest.edits(plain, known.getKey()) <= most)
        .map(Map.Entry::getValue)
        .min(Comparator.naturalOrder())
        .orElse(null);
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
