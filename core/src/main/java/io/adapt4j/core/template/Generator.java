package io.adapt4j.core.template;

import java.util.Iterator;

/** Items that are worked out when asked for, and only once. */
final class Generator implements Iterator<Object> {

  private final Iterator<?> items;

  Generator(Iterator<?> items) {
    this.items = items;
  }

  @Override
  public boolean hasNext() {
    return items.hasNext();
  }

  @Override
  public Object next() {
    return items.next();
  }
}
