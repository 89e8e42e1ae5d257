package io.adapt4j.jinja.internal.value;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Python's dict: keeps its order, and treats 1, 1.0 and True as the same key. */
public final class Dict {

  private static final Object NONE_KEY = new Object();

  /** Maximum number of elements of a tuple that is a key, including those of nested tuples. */
  private static final int MOST_KEY_PARTS = 100;

  private final Map<Object, Entry> entries = new LinkedHashMap<>();

  /** A key as it was first written, and its value. */
  public record Entry(Object key, Object value) {

    Tuple tuple() {
      return Tuple.of(key, value);
    }
  }

  /** A tuple as a key. */
  private record TupleKey(List<Object> items) {}

  public Dict() {}

  public Dict(Dict other) {
    entries.putAll(other.entries);
  }

  public void put(Object key, Object value) {
    Object normal = normal(key);
    Entry before = entries.get(normal);
    entries.put(normal, new Entry(before == null ? key : before.key(), value));
  }

  boolean has(Object key) {
    return entries.containsKey(normal(key));
  }

  /** Returns the value of a key, which may be null; the default if there is no such key. */
  public Object get(Object key, Object otherwise) {
    Entry entry = entries.get(normal(key));
    return entry == null ? otherwise : entry.value();
  }

  public int size() {
    return entries.size();
  }

  public Collection<Entry> entries() {
    return entries.values();
  }

  /** Normalizes a key so that equal keys are equal objects. */
  public static Object normal(Object key) {
    return normal(key, new int[] {MOST_KEY_PARTS});
  }

  private static Object normal(Object key, int[] partsLeft) {
    if (partsLeft[0]-- < 0) {
      throw new Fault("a key has more than " + MOST_KEY_PARTS + " parts");
    }
    if (key == null) {
      return NONE_KEY;
    }
    if (key instanceof Boolean flag) {
      return flag ? 1L : 0L;
    }
    if (key instanceof Double number) {
      return normal(number);
    }
    if (key instanceof Markup markup) {
      return markup.text();
    }
    if (key instanceof Tuple tuple) {
      List<Object> items = new ArrayList<>();
      tuple.items().forEach(item -> items.add(normal(item, partsLeft)));
      return new TupleKey(items);
    }
    if (key instanceof List || key instanceof Dict) {
      throw new Fault("unhashable type: '" + Values.typeName(key) + "'");
    }
    return key;
  }

  private static Object normal(Double number) {
    boolean whole = !number.isInfinite() && !number.isNaN() && number == Math.rint(number);
    BigInteger integer = whole ? Numbers.truncated(number) : null;
    return integer == null ? number : Numbers.normal(integer);
  }
}
