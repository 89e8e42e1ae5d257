package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.EnumSet;
import java.util.Set;

/** JSON types, with numbers divided into integers and others. */
enum Kind {
  NULL,
  BOOLEAN,
  INTEGER,
  FRACTION,
  STRING,
  ARRAY,
  OBJECT;

  /** Type of the numbers that are no integers, which schemas cannot name. */
  static final String FRACTIONS = "fraction";

  private static final String TYPES = "null, boolean, integer, number, string, array or object";

  /** Returns the types that all schemas allow. */
  static Set<Kind> common(Iterable<Part> parts) {
    Set<Kind> kinds = EnumSet.allOf(Kind.class);
    for (Part part : parts) {
      kinds.retainAll(of(part));
    }
    return kinds;
  }

  /** The types that a schema allows. */
  static Set<Kind> of(Part part) {
    JsonNode type = part.get("type");
    if (type.isMissingNode()) {
      return EnumSet.allOf(Kind.class);
    }
    EnumSet<Kind> kinds = EnumSet.noneOf(Kind.class);
    if (type.isTextual()) {
      add(part, type, kinds);
    } else if (type.isArray() && !type.isEmpty()) {
      type.forEach(name -> add(part, name, kinds));
    } else {
      throw part.invalid("type", "a type or a list of types");
    }
    if (part.get("nullable").asBoolean(false)) {
      kinds.add(NULL);
    }
    return kinds;
  }

  private static void add(Part part, JsonNode name, Set<Kind> to) {
    switch (name.asText()) {
      case "null" -> to.add(NULL);
      case "boolean" -> to.add(BOOLEAN);
      case "integer" -> to.add(INTEGER);
      case "number" -> {
        to.add(INTEGER);
        to.add(FRACTION);
      }
      case FRACTIONS -> {
        if (!part.isDerived()) {
          throw part.invalid("type", TYPES);
        }
        to.add(FRACTION);
      }
      case "string" -> to.add(STRING);
      case "array" -> to.add(ARRAY);
      case "object" -> to.add(OBJECT);
      default -> throw part.invalid("type", TYPES);
    }
  }

  static Kind of(JsonNode value) {
    return switch (value.getNodeType()) {
      case BOOLEAN -> BOOLEAN;
      case STRING -> STRING;
      case ARRAY -> ARRAY;
      case OBJECT -> OBJECT;
      case NUMBER -> value.decimalValue().stripTrailingZeros().scale() <= 0 ? INTEGER : FRACTION;
      default -> NULL;
    };
  }
}
