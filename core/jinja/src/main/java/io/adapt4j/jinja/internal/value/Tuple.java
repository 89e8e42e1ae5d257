package io.adapt4j.jinja.internal.value;

import java.util.Arrays;
import java.util.List;

/** Python's tuple. */
public record Tuple(List<Object> items, List<String> names) {

  public Tuple(List<Object> items) {
    this(items, List.of());
  }

  static Tuple of(Object first, Object second) {
    return new Tuple(Arrays.asList(first, second));
  }
}
