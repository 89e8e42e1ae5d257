package io.adapt4j.jinja;

import java.util.Arrays;
import java.util.List;

/** Python's tuple. */
record Tuple(List<Object> items, List<String> names) {

  Tuple(List<Object> items) {
    this(items, List.of());
  }

  static Tuple of(Object first, Object second) {
    return new Tuple(Arrays.asList(first, second));
  }
}
