package io.adapt4j.rag.index;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.Json;
import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;

/**
 * Conversion of metadata to and from JSON, where an integral Double keeps its decimal point and
 * thus its type.
 */
final class MetadataJson {

  private MetadataJson() {}

  static String write(Map<String, Object> metadata) {
    ObjectNode tree = JsonNodeFactory.instance.objectNode();
    metadata.forEach(
        (field, value) -> {
          if (value instanceof Long number) {
            tree.put(field, number);
          } else if (value instanceof Double number) {
            tree.put(field, decimal(number));
          } else if (value instanceof Boolean flag) {
            tree.put(field, flag);
          } else {
            tree.put(field, (String) value);
          }
        });
    return Json.compact(tree);
  }

  private static BigDecimal decimal(double number) {
    BigDecimal decimal = BigDecimal.valueOf(number);
    return decimal.scale() < 1 ? decimal.setScale(1) : decimal;
  }

  static Map<String, Object> read(String json) {
    Map<String, Object> metadata = new TreeMap<>();
    tree(json)
        .properties()
        .forEach(property -> metadata.put(property.getKey(), plain(property.getValue())));
    return metadata;
  }

  private static JsonNode tree(String json) {
    try {
      return Json.parse(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("The index holds metadata that is not JSON: " + json, e);
    }
  }

  private static Object plain(JsonNode value) {
    if (value.isBoolean()) {
      return value.booleanValue();
    }
    if (value.isIntegralNumber()) {
      return value.longValue();
    }
    return value.isNumber() ? (Object) value.doubleValue() : value.textValue();
  }
}
