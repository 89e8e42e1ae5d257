package io.adapt4j.jinja;

/** A value with attributes of its own. */
interface HasAttributes {

  /** Says that there is no such attribute. */
  Object NONE = new Object();

  /** Returns the attribute, or {@link #NONE}. */
  Object attribute(String name);

  /** Returns the type's name in Jinja's messages. */
  default String typeName() {
    return getClass().getSimpleName();
  }

  /** Returns how the value is printed, or null if it cannot be. */
  default String repr() {
    return null;
  }
}
