package io.adapt4j.core.internal;

import java.util.Arrays;
import java.util.Collection;

/** Refuses missing texts where they are handed in, by the name of the argument. */
public final class Texts {

  private Texts() {}

  /**
   * Checks an argument.
   *
   * @param <T> its type
   * @param name its name
   * @param value its value
   * @return the value
   * @throws NullPointerException if it is null
   */
  public static <T> T require(String name, T value) {
    if (value == null) {
      throw new NullPointerException(name + ": expected a value, found null");
    }
    return value;
  }

  /**
   * Checks an argument and what is in it.
   *
   * @param name its name
   * @param values its value
   * @throws NullPointerException if it is null or has an element that is, naming the first one
   */
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

  /**
   * Checks an argument and what is in it.
   *
   * @param name its name
   * @param values its value
   * @throws NullPointerException if it is null or has an element that is, naming the first one
   */
  public static void requireAll(String name, Object[] values) {
    requireAll(name, Arrays.asList(require(name, values)));
  }
}
