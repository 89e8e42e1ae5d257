package io.adapt4j.tools;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Uses the schema to distinguish texts from other values if a format writes both alike. A value
 * that may be a text or something else is parsed as JSON if possible.
 */
record ParameterTypes(Map<String, Object> schema) {

  static final ParameterTypes NONE = new ParameterTypes(Map.of());

  /** Returns whether a parameter may be a text, which includes those of any type. */
  boolean mayBeText(String parameter) {
    Set<String> types = types(parameter);
    return types.isEmpty() || types.contains("string");
  }

  private Set<String> types(String parameter) {
    Object property =
        schema.get("properties") instanceof Map<?, ?> properties ? properties.get(parameter) : null;
    Set<String> types = new HashSet<>();
    collect(property, types, Collections.newSetFromMap(new IdentityHashMap<>()));
    return types;
  }

  /** A value as JSON. */
  String json(String parameter, String value) {
    Set<String> types = types(parameter);
    if (!types.equals(Set.of("string"))) {
      JsonNode read = read(value);
      if (read != null && (types.isEmpty() || fits(read, types))) {
        return read.toString();
      }
    }
    return JsonNodeFactory.instance.textNode(value).toString();
  }

  private static @Nullable JsonNode read(String value) {
    String json =
        switch (value) {
          case "True" -> "true";
          case "False" -> "false";
          case "None" -> "null";
          default -> value;
        };
    try {
      return Json.parseStrictly(json);
    } catch (JsonProcessingException e) {
      // It is a text then.
      return null;
    }
  }

  private static boolean fits(JsonNode value, Set<String> types) {
    return switch (value.getNodeType()) {
      case OBJECT -> types.contains("object");
      case ARRAY -> types.contains("array");
      case BOOLEAN -> types.contains("boolean");
      case NULL -> types.contains("null");
      case NUMBER -> types.contains("number") || types.contains("integer");
      default -> false;
    };
  }

  /** Adds the types that a schema allows; a schema without types allows all. */
  private void collect(@Nullable Object part, Set<String> types, Set<Object> seen) {
    if (!(part instanceof Map<?, ?> map) || !seen.add(map)) {
      return;
    }
    Object type = map.get("type");
    if (type instanceof Collection<?> several) {
      several.forEach(each -> types.add(String.valueOf(each)));
    } else if (type != null) {
      types.add(String.valueOf(type));
    }
    for (String values : List.of("enum", "const")) {
      Object given = map.get(values);
      if (type == null && map.containsKey(values)) {
        Collection<?> all = given instanceof Collection<?> several ? several : Arrays.asList(given);
        all.forEach(value -> types.add(typeOf(value)));
      }
    }
    for (String of : List.of("anyOf", "oneOf", "allOf")) {
      if (map.get(of) instanceof Collection<?> several) {
        several.forEach(each -> collect(each, types, seen));
      }
    }
    if (map.get("$ref") instanceof String reference) {
      collect(referred(reference), types, seen);
    }
  }

  private @Nullable Object referred(String reference) {
    Object at = schema;
    if (!reference.startsWith("#/")) {
      return null;
    }
    for (String name : reference.substring(2).split("/", -1)) {
      at = at instanceof Map<?, ?> map ? map.get(name) : null;
    }
    return at;
  }

  private static String typeOf(@Nullable Object value) {
    return switch (PlainJson.tree(value).getNodeType()) {
      case OBJECT -> "object";
      case ARRAY -> "array";
      case BOOLEAN -> "boolean";
      case NUMBER -> "number";
      case NULL -> "null";
      default -> "string";
    };
  }
}
