package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.structured.internal.grammar.Node;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;

/**
 * Alternatives of the values that do not conform to a schema: a value fails a schema if it fails
 * one of its keywords, and what fails a keyword is a schema again.
 */
final class Negation {

  /** Values of which a value is none. */
  static final String NOT_ENUM = "not enum";

  /** An expression that a string does not match. */
  static final String NOT_PATTERN = "not pattern";

  /** Names of properties beside which an object has another. */
  static final String OTHER_THAN = "other property";

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  /** Keywords whose negation is not a schema that can be written. */
  private static final Set<String> REFUSED =
      Set.of(
          "patternProperties",
          "propertyNames",
          "prefixItems",
          "unevaluatedItems",
          "unevaluatedProperties",
          "uniqueItems",
          "multipleOf",
          "format");

  private final Expander expansion;
  private final UnaryOperator<Part> target;
  private final Map<Part, List<Set<Part>>> known = new HashMap<>();
  private final Set<Part> active = new HashSet<>();

  Negation(Expander expansion, UnaryOperator<Part> target) {
    this.expansion = expansion;
    this.target = target;
  }

  /** Returns the alternatives of the values that do not conform. */
  List<Set<Part>> of(Part part) {
    if (part.schema().isBoolean()) {
      return part.schema().booleanValue() ? List.of() : List.of(Set.of());
    }
    List<Set<Part>> alternatives = known.get(part);
    if (alternatives == null) {
      expansion.of(List.of(part)); // Refuses what is not a schema, or refers to itself.
      if (!active.add(part)) {
        throw part.unsupported("not", "The schema refers to its own negation.");
      }
      Set<Set<Part>> all = new LinkedHashSet<>();
      if (part.has("$ref") && part.replacing()) {
        all.addAll(of(target.apply(part)));
      } else {
        part.schema().fieldNames().forEachRemaining(keyword -> all.addAll(failing(part, keyword)));
      }
      active.remove(part);
      alternatives = List.copyOf(all);
      known.put(part, alternatives);
    }
    return alternatives;
  }

  private List<Set<Part>> failing(Part part, String keyword) {
    return switch (keyword) {
      case "$ref" -> of(target.apply(part));
      case "allOf" -> Alternatives.either(part.children(keyword).stream().map(this::of).toList());
      case "anyOf" -> none(part, keyword);
      case "oneOf" -> {
        if (!areDisjoint(part.children(keyword))) {
          throw part.unsupported(keyword, "Below not it is for alternatives that do not overlap.");
        }
        yield none(part, keyword);
      }
      case "not" ->
          expansion.of(List.of(part.derived(part.get(keyword).deepCopy(), keyword, keyword)));
      case "if" -> failingCase(part);
      case "dependentRequired", "dependentSchemas", "dependencies" ->
          failingDependency(part, keyword);
      default -> {
        List<List<Set<Part>>> all = new ArrayList<>();
        for (ObjectNode schema : simple(part, keyword)) {
          all.add(expansion.of(List.of(part.derived(schema, keyword))));
        }
        yield Alternatives.either(all);
      }
    };
  }

  /** Returns whether certainly no value fulfills two alternatives. */
  private boolean areDisjoint(List<Part> children) {
    Disjointness disjointness = new Disjointness(expansion);
    for (int i = 0; i < children.size(); i++) {
      for (int j = i + 1; j < children.size(); j++) {
        if (!disjointness.isSure(List.of(children.get(i)), List.of(children.get(j)))) {
          return false;
        }
      }
    }
    return true;
  }

  private List<Set<Part>> none(Part part, String keyword) {
    List<Set<Part>> all = List.of(Set.of());
    for (Part child : part.children(keyword)) {
      all = Alternatives.both(part, keyword, all, of(child));
    }
    return all;
  }

  private List<Set<Part>> failingCase(Part part) {
    List<List<Set<Part>>> all = new ArrayList<>();
    if (part.has("then")) {
      Part copy = part.derived(part.get("if").deepCopy(), "if");
      List<Set<Part>> applies = expansion.of(List.of(copy));
      all.add(Alternatives.both(part, "if", applies, of(part.child("then"))));
    }
    if (part.has("else")) {
      all.add(Alternatives.both(part, "if", of(part.child("if")), of(part.child("else"))));
    }
    return Alternatives.either(all);
  }

  private List<Set<Part>> failingDependency(Part part, String keyword) {
    List<List<Set<Part>>> all = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : part.get(keyword).properties()) {
      ObjectNode named = JSON.objectNode().put("type", "object");
      named.putArray("required").add(field.getKey());
      List<Set<Part>> present = expansion.of(List.of(part.derived(named, keyword)));
      if (field.getValue().isArray()) {
        for (JsonNode name : field.getValue()) {
          ObjectNode absent = absent(name.asText());
          List<Set<Part>> lacks = expansion.of(List.of(part.derived(absent, keyword)));
          all.add(Alternatives.both(part, keyword, present, lacks));
        }
      } else {
        Part child = part.child(field.getValue(), keyword, field.getKey());
        all.add(Alternatives.both(part, keyword, present, of(child)));
      }
    }
    return Alternatives.either(all);
  }

  /** An object without a property. */
  private static ObjectNode absent(String name) {
    ObjectNode schema = JSON.objectNode().put("type", "object");
    schema.putObject("properties").put(name, false);
    return schema;
  }

  /** Schemas of the values that fail a keyword about a value itself. */
  private static List<ObjectNode> simple(Part part, String keyword) {
    JsonNode value = part.get(keyword);
    if (REFUSED.contains(keyword) && !isWithoutEffect(part, keyword, value)) {
      throw part.unsupported(
          keyword, "Below not and in oneOf whose alternatives overlap it is not.");
    }
    return switch (keyword) {
      case "type" -> otherTypes(part);
      case "enum" -> List.of(with(JSON.objectNode(), NOT_ENUM, value));
      case "const" -> List.of(with(JSON.objectNode(), NOT_ENUM, JSON.arrayNode().add(value)));
      case NOT_ENUM -> List.of(with(JSON.objectNode(), "enum", value));
      case "pattern" -> List.of(with(of("string"), NOT_PATTERN, value));
      case NOT_PATTERN -> List.of(with(of("string"), "pattern", value));
      case "required" -> {
        List<ObjectNode> all = new ArrayList<>();
        value.forEach(name -> all.add(absent(name.asText())));
        yield all;
      }
      case "properties" -> {
        List<ObjectNode> all = new ArrayList<>();
        value.properties().forEach(field -> all.add(failingProperty(field)));
        yield all;
      }
      case "minLength", "minItems", "minProperties" -> fewer(part, keyword);
      case "maxLength", "maxItems", "maxProperties" -> more(part, keyword);
      case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum" -> beyond(part, keyword);
      case "items" -> failingItems(part, value);
      case "contains" -> failingContains(part, value);
      case "additionalProperties" -> failingOthers(part, value);
      case "additionalItems" -> {
        if (part.get("items").isArray()) {
          throw part.unsupported(keyword, "Below not it is not.");
        }
        yield List.of();
      }
      default -> List.of();
    };
  }

  private static boolean isWithoutEffect(Part part, String keyword, JsonNode value) {
    return switch (keyword) {
      case "patternProperties" -> value.isEmpty();
      case "uniqueItems" -> !value.asBoolean();
      case "format" -> Formats.isAnnotation(part);
      default -> value.isBoolean() ? value.booleanValue() : value.isObject() && value.isEmpty();
    };
  }

  private static ObjectNode with(ObjectNode schema, String keyword, JsonNode value) {
    schema.set(keyword, value);
    return schema;
  }

  private static ObjectNode of(String type) {
    return JSON.objectNode().put("type", type);
  }

  private static ObjectNode failingProperty(Map.Entry<String, JsonNode> field) {
    ObjectNode schema = of("object");
    schema.putArray("required").add(field.getKey());
    schema.putObject("properties").putObject(field.getKey()).set("not", field.getValue());
    return schema;
  }

  private static List<ObjectNode> otherTypes(Part part) {
    Set<Kind> others = EnumSet.complementOf(EnumSet.copyOf(Kind.of(part)));
    boolean fraction = others.remove(Kind.FRACTION);
    boolean integer = others.remove(Kind.INTEGER);
    ObjectNode schema = JSON.objectNode();
    ArrayNode types = schema.putArray("type");
    others.forEach(kind -> types.add(kind.name().toLowerCase(Locale.ROOT)));
    if (fraction) {
      types.add(integer ? "number" : Kind.FRACTIONS);
    }
    return types.isEmpty() ? List.of() : List.of(schema);
  }

  private static String typeOf(String keyword) {
    return keyword.endsWith("Length") ? "string" : keyword.endsWith("Items") ? "array" : "object";
  }

  private static List<ObjectNode> fewer(Part part, String keyword) {
    int count = StringTexts.count(part, keyword, 0);
    return count == 0
        ? List.of()
        : List.of(of(typeOf(keyword)).put(keyword.replace("min", "max"), count - 1));
  }

  private static List<ObjectNode> more(Part part, String keyword) {
    int count = StringTexts.count(part, keyword, Node.UNBOUNDED);
    return count == Node.UNBOUNDED
        ? List.of()
        : List.of(of(typeOf(keyword)).put(keyword.replace("max", "min"), count + 1));
  }

  private static List<ObjectNode> beyond(Part part, String keyword) {
    if (part.get(keyword).isBoolean() || part.get(opposite(keyword, false)).isBoolean()) {
      throw part.unsupported(keyword, "Below not it is for numbers.");
    }
    return List.of(with(of("number"), opposite(keyword, true), part.get(keyword)));
  }

  /** The keyword of the other side, or of the same, exclusive where the given one is not. */
  private static String opposite(String keyword, boolean otherSide) {
    boolean min = keyword.endsWith("inimum") != otherSide;
    return keyword.startsWith("exclusive")
        ? min ? "minimum" : "maximum"
        : min ? "exclusiveMinimum" : "exclusiveMaximum";
  }

  private static List<ObjectNode> failingItems(Part part, JsonNode value) {
    if (value.isBoolean() && value.booleanValue()) {
      return List.of();
    }
    if (value.isArray() || part.has("prefixItems")) {
      throw part.unsupported("items", "Below not it is one schema for all elements.");
    }
    ObjectNode schema = of("array");
    schema.putObject("contains").set("not", value);
    return List.of(schema);
  }

  private static List<ObjectNode> failingOthers(Part part, JsonNode value) {
    if (isWithoutEffect(part, "additionalProperties", value)) {
      return List.of();
    }
    if (!value.isBoolean() || !part.get("patternProperties").isEmpty()) {
      throw part.unsupported(
          "additionalProperties",
          "Below not and in oneOf whose alternatives overlap it is false, without"
              + " patternProperties.");
    }
    ObjectNode schema = of("object");
    ArrayNode names = schema.putArray(OTHER_THAN);
    part.get("properties").fieldNames().forEachRemaining(names::add);
    return List.of(schema);
  }

  private static List<ObjectNode> failingContains(Part part, JsonNode value) {
    if (part.has("minContains") || part.has("maxContains")) {
      throw part.unsupported("contains", "Below not it is without minContains and maxContains.");
    }
    ObjectNode schema = of("array");
    schema.putObject("items").set("not", value);
    return List.of(schema);
  }
}
