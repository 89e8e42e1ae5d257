package io.adapt4j.jinja;

import java.util.Arrays;
import java.util.List;

/**
 * Python's tuple.
 *
 * @param items the elements
 * @param names names of the elements, as in a named tuple; empty if they have none
 */
record Tuple(List<Object> items, List<String> names) {

  Tuple(List<Object> items) {
    this(items, List.of());
  }

  static Tuple of(Object first, Object second) {
    return new Tuple(Arrays.asList(first, second));
  }
}
