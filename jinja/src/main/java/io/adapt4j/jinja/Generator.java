package io.adapt4j.jinja;

import java.util.Iterator;
import java.util.function.Supplier;

/** Items that are worked out when asked for, and only once. */
final class Generator implements Iterator<Object> {

  private Supplier<Iterator<?>> source;
  private Iterator<?> items;

  /**
   * Creates a generator.
   *
   * @param source gives the items when the first is asked for; only then can it fail, as in Python
   */
  Generator(Supplier<Iterator<?>> source) {
    this.source = source;
  }

  @Override
  public boolean hasNext() {
    return items().hasNext();
  }

  @Override
  public Object next() {
    return items().next();
  }

  private Iterator<?> items() {
    if (items == null) {
      items = source.get();
      source = null;
    }
    return items;
  }
}
