package io.adapt4j.jinja.internal.value;

/** A value with attributes. */
public interface HasAttributes {

  /** Represents a missing attribute. */
  Object NONE = new Object();

  /** Returns the attribute, or {@link #NONE}. */
  Object attribute(String name);

  /** Returns the type's name in Jinja's messages. */
  default String typeName() {
    return getClass().getSimpleName();
  }

  /** Returns the printed form of the value, or null if it has none. */
  default String repr() {
    return null;
  }
}
