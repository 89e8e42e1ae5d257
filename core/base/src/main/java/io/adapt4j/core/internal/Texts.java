package io.adapt4j.core.internal;

import java.util.Arrays;
import java.util.Collection;

/** Argument checks for null texts, with the argument's name in the message. */
public final class Texts {

  private Texts() {}

  /** Rejects null. */
  public static <T> T require(String name, T value) {
    if (value == null) {
      throw new NullPointerException(name + ": expected a value, found null");
    }
    return value;
  }

  /** Rejects null, and null elements. */
  public static void requireAll(String name, Collection<?> values) {
    require(name, values);
    int i = 0;
    for (Object value : values) {
      if (value == null) {
        throw new NullPointerException(
            name + ": expected " + values.size() + " values, found null as element " + i);
      }
      i++;
    }
  }

  /** Rejects null, and null elements. */
  public static void requireAll(String name, Object[] values) {
    requireAll(name, Arrays.asList(require(name, values)));
  }
}
