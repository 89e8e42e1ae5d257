package io.adapt4j.core.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Converts strings, numbers, booleans, null, collections and maps of these to JSON and back. */
public final class PlainJson {

  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private PlainJson() {}

  /**
   * Returns a value as a tree.
   *
   * @param value a string, number, boolean, null, or a collection or string-keyed map of these
   */
  public static JsonNode tree(Object value) {
    if (value == null) {
      return NODES.nullNode();
    }
    if (value instanceof String text) {
      return NODES.textNode(text);
    }
    if (value instanceof Boolean flag) {
      return NODES.booleanNode(flag);
    }
    if (value instanceof Number number) {
      return number(number);
    }
    if (value instanceof Map<?, ?> map) {
      return object(map);
    }
    if (value instanceof Collection<?> list) {
      ArrayNode array = NODES.arrayNode(list.size());
      list.forEach(item -> array.add(tree(item)));
      return array;
    }
    throw new IllegalArgumentException(
        "expected a text, number, boolean, list or map, found a " + value.getClass().getName());
  }

  public static ObjectNode object(Map<?, ?> map) {
    ObjectNode object = NODES.objectNode();
    map.forEach(
        (key, value) -> {
          if (!(key instanceof String name)) {
            throw new IllegalArgumentException("the key " + key + " must be a text");
          }
          object.set(name, tree(value));
        });
    return object;
  }

  private static JsonNode number(Number number) {
    if (number instanceof BigDecimal decimal) {
      return NODES.numberNode(decimal);
    }
    if (number instanceof BigInteger integer) {
      return NODES.numberNode(integer);
    }
    return number instanceof Double || number instanceof Float
        ? NODES.numberNode(number.doubleValue())
        : NODES.numberNode(number.longValue());
  }

  /** Converts a JSON tree to maps, lists, strings, numbers, booleans and null. */
  public static @Nullable Object value(JsonNode value) {
    if (value.isObject()) {
      Map<String, @Nullable Object> map = new LinkedHashMap<>();
      value.properties().forEach(field -> map.put(field.getKey(), value(field.getValue())));
      return Collections.unmodifiableMap(map);
    }
    if (value.isArray()) {
      List<@Nullable Object> list = new ArrayList<>();
      value.forEach(element -> list.add(value(element)));
      return Collections.unmodifiableList(list);
    }
    if (value.isTextual()) {
      return value.textValue();
    }
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return value.longValue();
    }
    if (value.isIntegralNumber()) {
      return value.bigIntegerValue();
    }
    return value.isNumber() ? floating(value) : null;
  }

  /** Returns a double if it represents the number exactly, as it usually does. */
  private static Object floating(JsonNode value) {
    double number = value.doubleValue();
    return Double.isFinite(number)
            && value.decimalValue().compareTo(new BigDecimal(Double.toString(number))) == 0
        ? (Object) number
        : value.decimalValue();
  }
}
