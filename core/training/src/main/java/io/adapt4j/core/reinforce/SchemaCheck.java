package io.adapt4j.core.reinforce;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.math.BigDecimal;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Check of JSON against the keywords of JSON Schema 2020-12 that describe answers. Other keywords
 * are refused by name, except annotations. References are local ({@code #/$defs/NAME}).
 */
record SchemaCheck(JsonNode root) {

  private static final int DEEPEST = 64;

  private static final Set<String> ANNOTATIONS =
      Set.of("$schema", "$id", "$comment", "title", "description", "default", "examples", "format");

  private static final Set<String> KNOWN =
      Set.of(
          "$defs",
          "definitions",
          "$ref",
          "type",
          "enum",
          "const",
          "properties",
          "required",
          "additionalProperties",
          "minProperties",
          "maxProperties",
          "items",
          "prefixItems",
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
          "allOf",
          "anyOf",
          "oneOf",
          "not");

  /**
   * Parses a schema.
   *
   * @throws IllegalArgumentException if it is not one, or has keywords that are not checked
   */
  static SchemaCheck parse(String schema) {
    JsonNode root;
    try {
      root = Json.parseStrictly(schema);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("the schema is not JSON: " + e.getOriginalMessage(), e);
    }
    SchemaCheck check = new SchemaCheck(root);
    check.requireKnown(root, "#", 0);
    return check;
  }

  boolean accepts(JsonNode value) {
    return accepts(root, value, 0);
  }

  private void requireKnown(JsonNode schema, String at, int depth) {
    require(depth <= DEEPEST, at, "is nested deeper than " + DEEPEST);
    require(schema.isBoolean() || schema.isObject(), at, "is neither an object nor true or false");
    for (Map.Entry<String, JsonNode> keyword : schema.properties()) {
      String name = keyword.getKey();
      String place = at + "/" + name;
      JsonNode value = keyword.getValue();
      require(KNOWN.contains(name) || ANNOTATIONS.contains(name), place, "is not supported");
      switch (name) {
        case "$defs", "definitions", "properties" ->
            value
                .properties()
                .forEach(
                    sub -> requireKnown(sub.getValue(), place + "/" + sub.getKey(), depth + 1));
        case "allOf", "anyOf", "oneOf", "prefixItems" -> {
          require(value.isArray(), place, "is not a list");
          value.forEach(sub -> requireKnown(sub, place, depth + 1));
        }
        case "additionalProperties", "items", "not" -> requireKnown(value, place, depth + 1);
        case "$ref" -> require(!target(value).isMissingNode(), place, "has no target: " + value);
        case "multipleOf" -> require(value.decimalValue().signum() > 0, place, "is not above 0");
        case "pattern" -> requirePattern(value.asText(), place);
        default -> {}
      }
    }
  }

  private static void requirePattern(String pattern, String place) {
    try {
      Pattern.compile(pattern);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "schema " + place + " is no regular expression: " + e.getDescription(), e);
    }
  }

  private static void require(boolean holds, String at, String problem) {
    if (!holds) {
      throw new IllegalArgumentException("schema " + at + " " + problem);
    }
  }

  private JsonNode target(JsonNode reference) {
    String text = reference.asText();
    return text.equals("#")
        ? root
        : text.startsWith("#/")
            ? root.at(text.substring(1))
            : com.fasterxml.jackson.databind.node.MissingNode.getInstance();
  }

  private boolean accepts(JsonNode schema, JsonNode value, int depth) {
    if (depth > DEEPEST) {
      // A schema that refers to itself without a smaller value.
      return false;
    }
    if (schema.isBoolean()) {
      return schema.booleanValue();
    }
    return (!schema.has("$ref") || accepts(target(schema.get("$ref")), value, depth + 1))
        && isOfType(schema.path("type"), value)
        && isListed(schema, value)
        && combines(schema, value, depth)
        && (!value.isNumber() || isNumber(schema, value.decimalValue()))
        && (!value.isTextual() || isText(schema, value.textValue()))
        && (!value.isArray() || isList(schema, value, depth))
        && (!(value instanceof ObjectNode object) || isObject(schema, object, depth));
  }

  private static boolean isOfType(JsonNode types, JsonNode value) {
    if (types.isArray()) {
      for (JsonNode type : types) {
        if (isOfType(type, value)) {
          return true;
        }
      }
      return false;
    }
    return switch (types.asText()) {
      case "" -> true;
      case "null" -> value.isNull();
      case "boolean" -> value.isBoolean();
      case "string" -> value.isTextual();
      case "array" -> value.isArray();
      case "object" -> value.isObject();
      case "number" -> value.isNumber();
      case "integer" -> value.isNumber() && value.decimalValue().stripTrailingZeros().scale() <= 0;
      default -> false;
    };
  }

  private static boolean isListed(JsonNode schema, JsonNode value) {
    if (schema.has("const") && !isEqual(schema.get("const"), value)) {
      return false;
    }
    if (!schema.has("enum")) {
      return true;
    }
    for (JsonNode choice : schema.get("enum")) {
      if (isEqual(choice, value)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isEqual(JsonNode a, JsonNode b) {
    return a.equals(
        (x, y) ->
            x.isNumber() && y.isNumber()
                ? x.decimalValue().compareTo(y.decimalValue())
                : x.equals(y) ? 0 : 1,
        b);
  }

  private boolean combines(JsonNode schema, JsonNode value, int depth) {
    return matches(schema.path("allOf"), value, depth) == schema.path("allOf").size()
        && (!schema.has("anyOf") || matches(schema.get("anyOf"), value, depth) > 0)
        && (!schema.has("oneOf") || matches(schema.get("oneOf"), value, depth) == 1)
        && (!schema.has("not") || !accepts(schema.get("not"), value, depth + 1));
  }

  private int matches(JsonNode schemas, JsonNode value, int depth) {
    int matches = 0;
    for (JsonNode schema : schemas) {
      matches += accepts(schema, value, depth + 1) ? 1 : 0;
    }
    return matches;
  }

  private static boolean isNumber(JsonNode schema, BigDecimal value) {
    return (!schema.has("minimum") || value.compareTo(schema.get("minimum").decimalValue()) >= 0)
        && (!schema.has("maximum") || value.compareTo(schema.get("maximum").decimalValue()) <= 0)
        && (!schema.has("exclusiveMinimum")
            || value.compareTo(schema.get("exclusiveMinimum").decimalValue()) > 0)
        && (!schema.has("exclusiveMaximum")
            || value.compareTo(schema.get("exclusiveMaximum").decimalValue()) < 0)
        && (!schema.has("multipleOf")
            || value.remainder(schema.get("multipleOf").decimalValue()).signum() == 0);
  }

  private static boolean isBetween(JsonNode schema, String least, String most, int size) {
    return size >= schema.path(least).asInt(0)
        && size <= schema.path(most).asInt(Integer.MAX_VALUE);
  }

  private static boolean isText(JsonNode schema, String value) {
    return isBetween(schema, "minLength", "maxLength", value.codePointCount(0, value.length()))
        && (!schema.has("pattern")
            || TimedText.isFound(Pattern.compile(schema.get("pattern").asText()), value));
  }

  private boolean isList(JsonNode schema, JsonNode list, int depth) {
    if (!isBetween(schema, "minItems", "maxItems", list.size())) {
      return false;
    }
    JsonNode first = schema.path("prefixItems");
    for (int i = 0; i < list.size(); i++) {
      JsonNode element = i < first.size() ? first.get(i) : schema.path("items");
      if (!element.isMissingNode() && !accepts(element, list.get(i), depth + 1)) {
        return false;
      }
      for (int j = 0; j < i && schema.path("uniqueItems").asBoolean(); j++) {
        if (isEqual(list.get(i), list.get(j))) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean isObject(JsonNode schema, ObjectNode object, int depth) {
    if (!isBetween(schema, "minProperties", "maxProperties", object.size())) {
      return false;
    }
    for (JsonNode name : schema.path("required")) {
      if (!object.has(name.asText())) {
        return false;
      }
    }
    JsonNode others = schema.path("additionalProperties");
    Iterator<String> names = object.fieldNames();
    while (names.hasNext()) {
      String name = names.next();
      JsonNode property = schema.path("properties").path(name);
      JsonNode rule = property.isMissingNode() ? others : property;
      if (!rule.isMissingNode() && !accepts(rule, object.get(name), depth + 1)) {
        return false;
      }
    }
    return true;
  }
}
