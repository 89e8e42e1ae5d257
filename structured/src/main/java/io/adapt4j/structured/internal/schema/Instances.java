package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.regex.CharDfa;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/** Checks values that a schema lists against the rest of it. */
final class Instances {

  private static final int MOST_VALUES = 100_000;

  private final Expansion expansion;

  Instances(Expansion expansion) {
    this.expansion = expansion;
  }

  /** The values of {@code enum} and {@code const} that all schemas hold for. */
  List<JsonNode> candidates(List<Part> parts) {
    List<JsonNode> values = new ArrayList<>();
    for (Part part : parts) {
      if (part.has("const")) {
        values.add(part.get("const"));
        break;
      }
      if (part.has("enum")) {
        if (!part.get("enum").isArray() || part.get("enum").size() > MOST_VALUES) {
          throw part.invalid("enum", "a list of at most " + MOST_VALUES + " values");
        }
        part.get("enum").forEach(values::add);
        break;
      }
    }
    return values.stream().filter(value -> holds(value, parts)).distinct().toList();
  }

  /** All values of schemas that have finitely many of them, or null. */
  @Nullable List<JsonNode> finite(List<Part> schemas) {
    List<JsonNode> values = new ArrayList<>();
    for (Set<Part> parts : expansion.of(schemas)) {
      List<Part> flat = new ArrayList<>(parts);
      Set<Kind> kinds = EnumSet.allOf(Kind.class);
      flat.forEach(part -> kinds.retainAll(Kind.of(part)));
      List<JsonNode> found;
      if (flat.stream().anyMatch(part -> part.has("enum") || part.has("const"))) {
        found = candidates(flat);
      } else if (EnumSet.of(Kind.BOOLEAN, Kind.NULL).containsAll(kinds)) {
        found = new ArrayList<>();
        if (kinds.contains(Kind.BOOLEAN)) {
          found.add(BooleanNode.TRUE);
          found.add(BooleanNode.FALSE);
        }
        if (kinds.contains(Kind.NULL)) {
          found.add(NullNode.instance);
        }
      } else {
        return null;
      }
      found.stream()
          .filter(value -> values.stream().noneMatch(known -> isSame(known, value)))
          .forEach(values::add);
    }
    return values;
  }

  /** Whether a name is allowed. */
  boolean isName(String name, List<Part> schemas) {
    return fulfills(TextNode.valueOf(name), schemas);
  }

  private boolean fulfills(JsonNode value, List<Part> schemas) {
    return expansion.of(schemas).stream().anyMatch(parts -> holds(value, new ArrayList<>(parts)));
  }

  /** Whether the keywords about a value itself hold. */
  private boolean holds(JsonNode value, List<Part> parts) {
    Kind kind = Kind.of(value);
    for (Part part : parts) {
      boolean listed =
          !part.has("enum") || stream(part.get("enum")).anyMatch(v -> isSame(v, value));
      boolean constant = !part.has("const") || isSame(part.get("const"), value);
      if (!Kind.of(part).contains(kind) || !listed || !constant) {
        return false;
      }
    }
    return switch (kind) {
      case INTEGER, FRACTION -> number(value.decimalValue(), parts);
      case STRING -> string(value.textValue(), parts);
      case ARRAY -> array(value, parts);
      case OBJECT -> object(value, parts);
      default -> true;
    };
  }

  private static Stream<JsonNode> stream(JsonNode list) {
    return StreamSupport.stream(list.spliterator(), false);
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
      for (Node text : StringTexts.patterns(part)) {
        if (!CharDfa.of(text).accepts(value)) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean array(JsonNode value, List<Part> parts) {
    for (Part part : parts) {
      boolean sized =
          value.size() >= StringTexts.count(part, "minItems", 0)
              && value.size() <= StringTexts.count(part, "maxItems", Node.UNBOUNDED);
      if (!sized || (part.get("uniqueItems").asBoolean() && repeats(value))) {
        return false;
      }
    }
    for (int i = 0; i < value.size(); i++) {
      if (!fulfills(value.get(i), ArrayTexts.schemas(parts, i))) {
        return false;
      }
    }
    return true;
  }

  private static boolean repeats(JsonNode array) {
    for (int i = 0; i < array.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (isSame(array.get(i), array.get(j))) {
          return true;
        }
      }
    }
    return false;
  }

  private boolean object(JsonNode value, List<Part> parts) {
    for (Part part : parts) {
      boolean sized =
          value.size() >= StringTexts.count(part, "minProperties", 0)
              && value.size() <= StringTexts.count(part, "maxProperties", Node.UNBOUNDED);
      if (!sized || stream(part.get("required")).anyMatch(name -> !value.has(name.asText()))) {
        return false;
      }
    }
    for (Map.Entry<String, JsonNode> field : value.properties()) {
      if (!fulfills(field.getValue(), ObjectTexts.schemas(parts, field.getKey()))) {
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

  /** Whether values are equal as JSON Schema compares them. */
  static boolean isSame(JsonNode left, JsonNode right) {
    if (left.isNumber() && right.isNumber()) {
      return left.decimalValue().compareTo(right.decimalValue()) == 0;
    }
    if (left.isArray() && right.isArray() && left.size() == right.size()) {
      for (int i = 0; i < left.size(); i++) {
        if (!isSame(left.get(i), right.get(i))) {
          return false;
        }
      }
      return true;
    }
    if (left.isObject() && right.isObject() && left.size() == right.size()) {
      return left.properties().stream()
          .allMatch(e -> right.has(e.getKey()) && isSame(e.getValue(), right.get(e.getKey())));
    }
    return left.equals(right);
  }
}
