package io.adapt4j.structured;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Constraints of the most recently compiled schemas, with their vocabulary data: requests often
 * repeat a schema. Bounded in number and memory. Thread-safe.
 */
final class SchemaCache {

  private final int mostSchemas;
  private final long mostBytes;
  private final Map<String, TextConstraint> constraints = new LinkedHashMap<>(16, 0.75f, true);

  SchemaCache(int mostSchemas, long mostBytes) {
    this.mostSchemas = mostSchemas;
    this.mostBytes = mostBytes;
  }

  /** Returns the constraint of a description, and creates it if it is not cached. */
  TextConstraint get(String description, Function<String, TextConstraint> make) {
    TextConstraint known = find(description);
    if (known != null) {
      return known;
    }
    TextConstraint made = make.apply(description);
    keep(description, made);
    return made;
  }

  private synchronized @Nullable TextConstraint find(String description) {
    return constraints.get(description);
  }

  private synchronized void keep(String description, TextConstraint made) {
    constraints.put(description, made);
    long bytes = constraints.values().stream().mapToLong(TextConstraint::bytes).sum();
    Iterator<TextConstraint> oldest = constraints.values().iterator();
    while (oldest.hasNext() && (constraints.size() > mostSchemas || bytes > mostBytes)) {
      bytes -= oldest.next().bytes();
      oldest.remove();
    }
  }

  synchronized int size() {
    return constraints.size();
  }
}
