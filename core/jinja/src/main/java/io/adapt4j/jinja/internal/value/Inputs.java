package io.adapt4j.jinja.internal.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/** Converts plain Java values to a template's values, copying collections. */
public final class Inputs {

  private static final int MAX_DEPTH = 100;

  private Inputs() {}

  public static Object convert(String name, Object value) {
    return convert(name, value, 0);
  }

  private static Object convert(String path, Object value, int depth) {
    if (depth > MAX_DEPTH) {
      throw new IllegalArgumentException(
          "variable %s... is nested deeper than %s"
              .formatted(path.substring(0, Math.min(60, path.length())), MAX_DEPTH));
    }
    if (value == null || value instanceof Boolean) {
      return value;
    }
    if (value instanceof CharSequence || value instanceof Character) {
      return value.toString();
    }
    if (value instanceof Number number) {
      return number(path, number);
    }
    if (value instanceof Map<?, ?> map) {
      return dict(path, map, depth);
    }
    if (value instanceof Collection<?> collection) {
      return list(path, collection, depth);
    }
    if (value instanceof Object[] array) {
      return list(path, Arrays.asList(array), depth);
    }
    throw refused(path, value);
  }

  private static Object number(String path, Number number) {
    if (number instanceof Long
        || number instanceof Integer
        || number instanceof Short
        || number instanceof Byte) {
      return number.longValue();
    }
    if (number instanceof BigInteger integer) {
      return Numbers.normal(integer);
    }
    if (number instanceof Double || number instanceof Float || number instanceof BigDecimal) {
      return number.doubleValue();
    }
    throw refused(path, number);
  }

  private static Dict dict(String path, Map<?, ?> map, int depth) {
    Dict dict = new Dict();
    map.forEach(
        (key, value) -> {
          Object name = convert(path + " (a key)", key, depth + 1);
          if (name instanceof List || name instanceof Dict) {
            throw refused(path + " (a key)", key);
          }
          dict.put(name, convert(path + "." + name, value, depth + 1));
        });
    return dict;
  }

  private static List<Object> list(String path, Collection<?> values, int depth) {
    List<Object> list = new ArrayList<>(values.size());
    for (Object value : values) {
      list.add(convert(path + "[" + list.size() + "]", value, depth + 1));
    }
    return list;
  }

  private static IllegalArgumentException refused(String path, Object value) {
    return new IllegalArgumentException(
        ("variable %s: expected text, a number, a boolean, null, a collection or a map, found"
                + " %s. Convert it first.")
            .formatted(path, value.getClass().getName()));
  }
}
