package io.adapt4j.core.internal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Collection;
import java.util.Map;

/** Converts strings, numbers, booleans, null, collections and maps of these to JSON. */
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

  /** Returns a map as a JSON object. */
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
}
