package io.adapt4j.jinja.internal.function;

import io.adapt4j.jinja.internal.value.Arguments;
import io.adapt4j.jinja.internal.value.Cases;
import io.adapt4j.jinja.internal.value.Run;
import io.adapt4j.jinja.internal.value.Undefined;
import io.adapt4j.jinja.internal.value.Values;
import java.util.List;

/** Helpers for filter arguments: optional values and attribute paths. */
final class FilterArguments {

  private FilterArguments() {}

  /** Returns a value, or a default if it was omitted. */
  static Object orElse(Object value, Object otherwise) {
    return value == Arguments.MISSING ? otherwise : value;
  }

  static boolean flag(Object value) {
    return value != Arguments.MISSING && Values.isTrue(value);
  }

  static boolean isAbsent(Object value) {
    return value == Arguments.MISSING || value == null;
  }

  /** Reads an attribute by a path such as "a.b.0"; a part that is a number is an index. */
  static Object byPath(Run run, Object item, List<Object> path, Object otherwise) {
    Object value = item;
    for (Object part : path) {
      value = Attributes.item(run, value, part);
      if (value instanceof Undefined && otherwise != null) {
        value = otherwise;
      }
    }
    return value;
  }

  static List<Object> path(Object attribute) {
    if (isAbsent(attribute)) {
      return List.of();
    }
    if (!Values.isText(attribute)) {
      return List.of(attribute);
    }
    return List.of(Values.text(attribute).split("\\.", -1)).stream()
        .map(FilterArguments::part)
        .toList();
  }

  private static Object part(String part) {
    boolean index =
        !part.isEmpty() && part.length() < 10 && part.chars().allMatch(c -> c >= '0' && c <= '9');
    return index ? (Object) Long.valueOf(part) : part;
  }

  static Object ignoreCase(Object value) {
    return Values.isText(value) ? Cases.lower(Values.text(value)) : value;
  }
}
