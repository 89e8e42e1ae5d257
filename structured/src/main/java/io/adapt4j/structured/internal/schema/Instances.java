package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.structured.internal.grammar.Node;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Checks values listed by a schema against the rest of it. */
record Instances(Expander expansion) {

  /** Returns whether a schema lists its values. */
  static boolean isListed(Part part) {
    return part.has("const") || part.has("enum");
  }

  private static String listing(Part part) {
    return part.has("const") ? "const" : "enum";
  }

  /** The values of {@code enum} and {@code const} that conform to all schemas. */
  List<JsonNode> candidates(List<Part> parts) {
    List<JsonNode> values = new ArrayList<>();
    for (Instance instance : listed(parts)) {
      if (holds(instance, parts)) {
        values.add(instance.value());
      }
    }
    return values;
  }

  /** Returns whether some value of {@code enum} and {@code const} conforms to all schemas. */
  boolean hasCandidate(List<Part> parts) {
    for (Instance instance : listed(parts)) {
      if (holds(instance, parts)) {
        return true;
      }
    }
    return false;
  }

  private static List<Instance> listed(List<Part> parts) {
    for (Part part : parts) {
      if (isListed(part)) {
        return part.compilation().listed(part, listing(part)).values();
      }
    }
    return List.of();
  }

  /** The values of schemas if they are finite; else null. */
  @Nullable List<JsonNode> finite(List<Part> schemas) {
    List<JsonNode> values = new ArrayList<>();
    Set<String> known = new HashSet<>();
    for (Set<Part> parts : expansion.of(schemas)) {
      List<Part> flat = new ArrayList<>(parts);
      Set<Kind> kinds = Kind.common(flat);
      if (flat.stream().anyMatch(Instances::isListed)) {
        for (Instance instance : listed(flat)) {
          if (holds(instance, flat) && known.add(instance.identity())) {
            values.add(instance.value());
          }
        }
      } else if (EnumSet.of(Kind.BOOLEAN, Kind.NULL).containsAll(kinds)) {
        for (JsonNode constant : constants(flat, kinds)) {
          if (known.add(constant.toString())) {
            values.add(constant);
          }
        }
      } else {
        return null;
      }
    }
    return values;
  }

  /** Returns true, false and null as far as schemas without a list of values allow them. */
  List<JsonNode> constants(List<Part> parts, Set<Kind> kinds) {
    List<JsonNode> values = new ArrayList<>();
    for (JsonNode value : List.of(BooleanNode.TRUE, BooleanNode.FALSE, NullNode.instance)) {
      if (kinds.contains(Kind.of(value))
          && parts.stream().noneMatch(part -> excludes(part, value.toString()))) {
        values.add(value);
      }
    }
    return values;
  }

  private static boolean excludes(Part part, String identity) {
    return part.has(Negation.NOT_ENUM)
        && part.compilation().listed(part, Negation.NOT_ENUM).identities().contains(identity);
  }

  /** Refuses arrays, objects and fractions that are to be other than some. */
  static void requireExcludable(List<Part> parts, Set<Kind> kinds) {
    for (Part part : parts) {
      for (JsonNode value : part.get(Negation.NOT_ENUM)) {
        boolean among = value.isNumber() ? kinds.contains(Kind.FRACTION) : value.isContainerNode();
        if (among && kinds.contains(Kind.of(value))) {
          throw part.unsupported(
              "not", "Of values it is for texts, integers, true, false and null.");
        }
      }
    }
  }

  /** Returns whether a name is allowed. */
  boolean isName(String name, List<Part> schemas) {
    return fulfills(TextNode.valueOf(name), schemas);
  }

  private boolean fulfills(JsonNode value, List<Part> schemas) {
    for (Set<Part> parts : expansion.of(schemas)) {
      List<Part> flat = List.copyOf(parts);
      if (flat.isEmpty() || holds(Instance.of(flat.get(0), "const", value), flat)) {
        return true;
      }
    }
    return false;
  }

  /** Returns whether the keywords about a value itself are satisfied. */
  private boolean holds(Instance instance, List<Part> parts) {
    for (Part part : parts) {
      Compilation compilation = part.compilation();
      compilation.budget().step(1);
      for (String keyword : List.of("enum", "const")) {
        if (part.has(keyword)
            && !compilation.listed(part, keyword).identities().contains(instance.identity())) {
          return false;
        }
      }
      if (excludes(part, instance.identity())) {
        return false;
      }
    }
    JsonNode value = instance.value();
    Kind kind = Kind.of(value);
    for (Part part : parts) {
      if (!Kind.of(part).contains(kind)) {
        return false;
      }
    }
    return switch (kind) {
      case INTEGER, FRACTION -> number(Digits.checked(parts.get(0), "const", value), parts);
      case STRING -> string(value.textValue(), parts);
      case ARRAY -> array(value, parts);
      case OBJECT -> object(value, parts);
      default -> true;
    };
  }

  private static boolean number(BigDecimal value, List<Part> parts) {
    Numbers.Conditions conditions = Numbers.Conditions.of(parts);
    NumberTexts.Range range = conditions.range();
    int low = range.min() == null ? 1 : value.compareTo(range.min());
    int high = range.max() == null ? -1 : value.compareTo(range.max());
    return (range.above() ? low > 0 : low >= 0)
        && (range.below() ? high < 0 : high <= 0)
        && conditions.divisors().stream().allMatch(d -> value.remainder(d).signum() == 0);
  }

  private static boolean string(String value, List<Part> parts) {
    int length = value.codePointCount(0, value.length());
    for (Part part : parts) {
      if (length < StringTexts.count(part, "minLength", 0)
          || length > StringTexts.count(part, "maxLength", Node.UNBOUNDED)) {
        return false;
      }
      if (!StringTexts.accepts(part, value)) {
        return false;
      }
    }
    return true;
  }

  private boolean array(JsonNode value, List<Part> parts) {
    for (Part part : parts) {
      boolean sized =
          value.size() >= StringTexts.count(part, "minItems", 0)
              && value.size() <= StringTexts.count(part, "maxItems", Node.UNBOUNDED);
      if (!sized || (part.get("uniqueItems").asBoolean() && repeats(part, value))) {
        return false;
      }
    }
    for (Part part : parts) {
      if (!hasContained(value, part)) {
        return false;
      }
    }
    for (int i = 0; i < value.size(); i++) {
      if (!fulfills(value.get(i), Children.ofElement(parts, i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean hasOther(JsonNode value, JsonNode names) {
    Set<String> others = new HashSet<>();
    value.fieldNames().forEachRemaining(others::add);
    names.forEach(name -> others.remove(name.asText()));
    return !others.isEmpty();
  }

  private boolean hasContained(JsonNode value, Part part) {
    int missing = Children.contained(part);
    for (int i = 0; i < value.size() && missing > 0; i++) {
      if (fulfills(value.get(i), List.of(part.child("contains")))) {
        missing--;
      }
    }
    return missing == 0;
  }

  private static boolean repeats(Part part, JsonNode array) {
    Set<String> identities = new HashSet<>();
    for (JsonNode element : array) {
      if (!identities.add(Instance.of(part, "const", element).identity())) {
        return true;
      }
    }
    return false;
  }

  private boolean object(JsonNode value, List<Part> parts) {
    for (Part part : parts) {
      boolean sized =
          value.size() >= StringTexts.count(part, "minProperties", 0)
              && value.size() <= StringTexts.count(part, "maxProperties", Node.UNBOUNDED);
      if (!sized) {
        return false;
      }
      for (JsonNode name : part.get("required")) {
        part.compilation().budget().step(1);
        if (!value.has(name.asText())) {
          return false;
        }
      }
    }
    for (Part part : parts) {
      if (part.has(Negation.OTHER_THAN) && !hasOther(value, part.get(Negation.OTHER_THAN))) {
        return false;
      }
    }
    for (Map.Entry<String, JsonNode> field : value.properties()) {
      if (!fulfills(field.getValue(), Children.ofProperty(parts, field.getKey()))) {
        return false;
      }
      for (Part part : parts) {
        if (part.has("propertyNames")
            && !isName(field.getKey(), List.of(part.child("propertyNames")))) {
          return false;
        }
      }
    }
    return true;
  }
}
