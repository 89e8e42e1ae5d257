package io.adapt4j.jinja.internal.value;

import java.util.Iterator;
import java.util.function.Supplier;

/** Items that are computed lazily, and only once. */
public final class Generator implements Iterator<Object> {

  private Supplier<Iterator<?>> source;
  private Iterator<?> items;

  /**
   * Creates a generator. The source is called for the first item and can fail only then, as in
   * Python.
   */
  public Generator(Supplier<Iterator<?>> source) {
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
