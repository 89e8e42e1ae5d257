package io.adapt4j.core.chat;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Immutable copies of JSON-like values. */
final class PlainValues {

  private static final int MAX_DEPTH = 100;

  private PlainValues() {}

  /** Copies maps and collections at every level; other values are kept as they are. */
  static Map<String, Object> copy(Map<?, ?> map) {
    return copy(map, 0);
  }

  private static Object copy(Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException("a value is nested deeper than " + MAX_DEPTH);
    }
    if (value instanceof Map<?, ?> map) {
      return copy(map, depth);
    }
    if (value instanceof Collection<?> collection) {
      List<Object> copy = new ArrayList<>(collection.size());
      collection.forEach(item -> copy.add(copy(item, depth + 1)));
      return Collections.unmodifiableList(copy);
    }
    return value;
  }

  private static Map<String, Object> copy(Map<?, ?> map, int depth) {
    Map<String, Object> copy = new LinkedHashMap<>();
    map.forEach(
        (key, value) -> {
          if (!(key instanceof String name)) {
            throw new IllegalArgumentException("the key " + key + " must be a text");
          }
          copy.put(name, copy(value, depth + 1));
        });
    return Collections.unmodifiableMap(copy);
  }
}
