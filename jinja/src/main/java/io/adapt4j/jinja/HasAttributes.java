package io.adapt4j.jinja;

/** A value with attributes of its own. */
interface HasAttributes {

  /** Says that there is no such attribute. */
  Object NONE = new Object();

  /** Returns the attribute, or {@link #NONE}. */
  Object attribute(String name);
}
