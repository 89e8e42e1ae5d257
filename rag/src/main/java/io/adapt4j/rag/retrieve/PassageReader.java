package io.adapt4j.rag.retrieve;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Converts hits to passages, optionally with their surroundings. */
record PassageReader(SearchIndex index, RetrievalOptions options) {

  List<Passage> read(List<Hit> hits) {
    List<Passage> passages = new ArrayList<>();
    Map<String, Optional<Document>> documents = new HashMap<>();
    for (Hit hit : hits) {
      if (passages.size() == options.limit()) {
        break;
      }
      Span around = around(hit.chunk());
      if (around.equals(hit.chunk().span())) {
        addUnlessInside(passages, hit);
      } else {
        documents
            .computeIfAbsent(hit.chunk().documentId(), index::document)
            .ifPresent(document -> add(passages, hit, around, document));
      }
    }
    return passages;
  }

  private Span around(Chunk chunk) {
    Span span = options.parents() ? chunk.parent() : chunk.span();
    if (options.neighbors() == 0) {
      return span;
    }
    int first = Math.max(0, chunk.number() - options.neighbors());
    int last = chunk.number() + options.neighbors();
    for (Chunk neighbor : index.chunks(chunk.documentId(), first, last)) {
      span = union(span, neighbor.span());
    }
    return span;
  }

  private static void addUnlessInside(List<Passage> passages, Hit hit) {
    Chunk chunk = hit.chunk();
    boolean inside =
        passages.stream()
            .anyMatch(
                passage ->
                    passage.documentId().equals(chunk.documentId())
                        && passage.span().contains(chunk.span()));
    if (!inside) {
      passages.add(Passage.of(hit));
    }
  }

  private static void add(List<Passage> passages, Hit hit, Span around, Document document) {
    boolean replaced =
        around.end() > document.text().length()
            || !hit.chunk().span().of(document.text()).equals(hit.chunk().text());
    if (replaced) {
      // The document was replaced between search and reading.
      addUnlessInside(passages, hit);
      return;
    }
    for (int i = 0; i < passages.size(); i++) {
      Passage passage = passages.get(i);
      if (passage.documentId().equals(document.id()) && overlap(passage.span(), around)) {
        Span both = union(passage.span(), around);
        passages.set(i, widened(passage, both, both.of(document.text())));
        return;
      }
    }
    passages.add(Passage.of(hit, around, around.of(document.text())));
  }

  private static Passage widened(Passage passage, Span span, String text) {
    return new Passage(
        passage.chunk(), span, text, passage.score(), passage.title(), passage.metadata());
  }

  private static boolean overlap(Span a, Span b) {
    return a.start() < b.end() && b.start() < a.end();
  }

  private static Span union(Span a, Span b) {
    return new Span(Math.min(a.start(), b.start()), Math.max(a.end(), b.end()));
  }
}
