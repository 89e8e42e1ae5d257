package io.adapt4j.verification.fuzz;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.index.LuceneIndex;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A search index of which one file is damaged. */
final class IndexTarget {

  private IndexTarget() {}

  static FuzzTarget create() {
    return FolderTarget.of("search-index", IndexTarget::write, IndexTarget::search);
  }

  private static void search(Path folder) {
    try (LuceneIndex index = builder(folder).openForReading()) {
      index.search(
          new SearchQuery(
              "text", Optional.of(new float[] {1, 0}), 5, Optional.empty(), Fusion.standard()));
      index.document("a");
    }
  }

  private static LuceneIndex.Builder builder(Path folder) {
    return LuceneIndex.builder(folder).embeddings("e", 2);
  }

  private static void write(Path folder) {
    try (LuceneIndex index = builder(folder).open()) {
      Document document = Document.of("a", "A text to find.");
      Span span = new Span(0, 15);
      index.putAll(
          List.of(
              new SearchIndex.Entry(
                  document,
                  List.of(new Chunk("a", 0, span, span, "", document.text())),
                  List.of(new float[] {1, 0}))));
      index.commit();
    }
  }
}
