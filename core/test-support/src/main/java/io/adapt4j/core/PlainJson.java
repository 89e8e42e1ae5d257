package io.adapt4j.core;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** JSON as plain Java values, as a user of chat templates would have it. */
public final class PlainJson {

  private PlainJson() {}

  public static Map<String, Object> read(Path file) throws IOException {
    return object(new ObjectMapper().readTree(Files.readString(file)));
  }

  /** Reads a resource that lies beside a class. */
  public static Map<String, Object> resource(Class<?> beside, String name) throws IOException {
    try (InputStream stream =
        Objects.requireNonNull(beside.getResourceAsStream(name), () -> "resource " + name)) {
      return object(
          new ObjectMapper().readTree(new String(stream.readAllBytes(), StandardCharsets.UTF_8)));
    }
  }

  @SuppressWarnings("unchecked")
  public static List<Map<String, Object>> objects(Object array) {
    return (List<Map<String, Object>>) array;
  }

  @SuppressWarnings("unchecked")
  public static Map<String, Object> fields(Object object) {
    return (Map<String, Object>) object;
  }

  private static Map<String, Object> object(JsonNode node) {
    Map<String, Object> map = new LinkedHashMap<>();
    node.properties().forEach(field -> map.put(field.getKey(), value(field.getValue())));
    return map;
  }

  private static Object value(JsonNode node) {
    if (node.isObject()) {
      return object(node);
    }
    if (node.isArray()) {
      List<Object> list = new ArrayList<>();
      node.forEach(item -> list.add(value(item)));
      return list;
    }
    if (node.isNull()) {
      return null;
    }
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    return node.isNumber() ? node.numberValue() : node.textValue();
  }
}
