package io.adapt4j.core.internal.describe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value of a description and its position. Immutable. */
public record Value(Object content, Place place) {

  /** Copies collections. */
  public Value {
    if (content instanceof Map<?, ?> map) {
      content = Collections.unmodifiableMap(new LinkedHashMap<>(map));
    } else if (content instanceof List<?> list) {
      content = List.copyOf(list);
    }
  }

  /** Converts a JSON tree. */
  public static Value of(JsonNode node, Place place) {
    if (node.isObject()) {
      Map<String, Value> entries = new LinkedHashMap<>();
      node.properties()
          .forEach(property -> entries.put(property.getKey(), of(property.getValue(), place)));
      return new Value(entries, place);
    }
    if (node.isArray()) {
      List<Value> elements = new ArrayList<>();
      node.forEach(json -> elements.add(of(json, place)));
      return new Value(elements, place);
    }
    Object content =
        node.isTextual()
            ? node.textValue()
            : node.isNumber() ? node.decimalValue() : node.isBoolean() ? node.asBoolean() : null;
    return new Value(content, place);
  }

  public Map<String, Value> entries() {
    Map<String, Value> entries = new LinkedHashMap<>();
    if (content instanceof Map<?, ?> map) {
      map.forEach((key, value) -> entries.put((String) key, (Value) value));
    }
    return entries;
  }

  /** {@return the elements; this value alone if it is not a list} */
  public List<Value> elements() {
    return content instanceof List<?> list
        ? list.stream().map(Value.class::cast).toList()
        : List.of(this);
  }

  /** Returns a copy with a value set at a path below this one, adding mappings as needed. */
  public Value with(String path, Value value) {
    int dot = path.indexOf('.');
    String key = dot < 0 ? path : path.substring(0, dot);
    Map<String, Value> entries = entries();
    Value below = entries.getOrDefault(key, new Value(Map.of(), value.place()));
    entries.put(key, dot < 0 ? value : below.with(path.substring(dot + 1), value));
    return new Value(entries, place);
  }

  /** {@return the value as JSON, without positions} */
  public JsonNode json() {
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    if (content instanceof Map) {
      ObjectNode object = nodes.objectNode();
      entries().forEach((key, value) -> object.set(key, value.json()));
      return object;
    }
    if (content instanceof List) {
      ArrayNode array = nodes.arrayNode();
      elements().forEach(value -> array.add(value.json()));
      return array;
    }
    if (content instanceof Boolean flag) {
      return nodes.booleanNode(flag);
    }
    if (content instanceof Number number) {
      return nodes.numberNode(new BigDecimal(number.toString()));
    }
    return content == null ? nodes.nullNode() : nodes.textNode(content.toString());
  }

  /** Describes this value in messages. */
  String said() {
    if (content instanceof Map) {
      return "a mapping";
    }
    if (content instanceof List) {
      return "a list";
    }
    if (content instanceof String) {
      return "the text '" + content + "'";
    }
    return content == null ? "nothing" : content.toString();
  }
}
