package io.adapt4j.jinja.internal.value;

import java.util.Map;

/** A namespace() object: attributes that any scope may set. */
public record Namespace(Map<String, Object> attributes) implements HasAttributes {

  @Override
  public Object attribute(String name) {
    return attributes.containsKey(name) ? attributes.get(name) : NONE;
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
