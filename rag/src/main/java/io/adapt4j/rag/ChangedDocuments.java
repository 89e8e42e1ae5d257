package io.adapt4j.rag;

import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.internal.index.ContentHash;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Iterator over the documents of a source that are new to an index or differ from its copy. */
final class ChangedDocuments implements Iterator<Document> {

  private final Iterator<Document> all;
  private final Map<String, String> held;
  private final String prefix;
  private final Set<String> seen = new HashSet<>();
  private @Nullable Document next;
  private int unchanged;

  /** Compares with the content hashes of the index. */
  ChangedDocuments(Iterator<Document> all, Map<String, String> held, String prefix) {
    this.all = all;
    this.held = held;
    this.prefix = prefix;
  }

  @Override
  public boolean hasNext() {
    while (next == null && all.hasNext()) {
      Document document = all.next();
      if (!document.id().startsWith(prefix)) {
        throw new IllegalArgumentException(
            "prefix: expected ids that begin with '" + prefix + "', found " + document.id());
      }
      seen.add(document.id());
      if (ContentHash.of(document).equals(held.get(document.id()))) {
        unchanged++;
      } else {
        next = document;
      }
    }
    return next != null;
  }

  @Override
  public Document next() {
    Document document = hasNext() ? next : null;
    if (document == null) {
      throw new NoSuchElementException();
    }
    next = null;
    return document;
  }

  int unchanged() {
    return unchanged;
  }

  /** Returns the indexed ids that the source no longer has, except unreadable ones. */
  List<String> vanished(Set<String> unreadable) {
    return held.keySet().stream()
        .filter(id -> id.startsWith(prefix) && !seen.contains(id) && !unreadable.contains(id))
        .sorted()
        .toList();
  }
}
