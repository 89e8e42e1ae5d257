package io.adapt4j.jinja.internal.value;

import java.util.Iterator;

/** The results of keys(), values() and items(). */
public record DictView(Dict dict, Kind kind) {

  public enum Kind {
    KEYS("dict_keys"),
    VALUES("dict_values"),
    ITEMS("dict_items");

    private final String typeName;

    Kind(String typeName) {
      this.typeName = typeName;
    }

    String typeName() {
      return typeName;
    }
  }

  public Iterator<Object> iterator() {
    Iterator<Dict.Entry> entries = dict.entries().iterator();
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return entries.hasNext();
      }

      @Override
      public Object next() {
        return part(entries.next());
      }
    };
  }

  private Object part(Dict.Entry entry) {
    return switch (kind) {
      case KEYS -> entry.key();
      case VALUES -> entry.value();
      case ITEMS -> entry.tuple();
    };
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
