package io.adapt4j.langchain4j;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Two documents of one chunk each, found by their words. */
final class SmallIndex implements SearchIndex {

  private final List<Document> documents =
      List.of(
          new Document("otter.txt", "", "Otters eat fish.", Map.of()),
          new Document(
              "badger.txt",
              "On badgers",
              "Badgers eat worms.",
              Map.of("year", 1999, "wild", true)));

  private SmallIndex() {}

  static SmallIndex ofAnimals() {
    return new SmallIndex();
  }

  @Override
  public List<Hit> search(SearchQuery query) {
    return documents.stream()
        .map(document -> hit(document, query.text()))
        .sorted(Comparator.comparing(Hit::score).reversed())
        .limit(query.limit())
        .toList();
  }

  private static Hit hit(Document document, String question) {
    String text = document.text().toLowerCase(Locale.ROOT);
    double score = 0;
    for (String word : question.toLowerCase(Locale.ROOT).split("\\W+", -1)) {
      score += !word.isEmpty() && text.contains(word) ? 1 : 0;
    }
    Span all = new Span(0, document.text().length());
    Chunk chunk = new Chunk(document.id(), 0, all, all, "", document.text());
    return new Hit(chunk, score, document.title(), document.metadata());
  }

  @Override
  public void putAll(List<Entry> entries) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void delete(List<String> ids) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Optional<Document> document(String id) {
    return documents.stream().filter(document -> document.id().equals(id)).findFirst();
  }

  @Override
  public List<Chunk> chunks(String id, int first, int last) {
    return List.of();
  }

  @Override
  public Map<String, String> contentHashes() {
    return Map.of();
  }

  @Override
  public long documentCount() {
    return documents.size();
  }

  @Override
  public long chunkCount() {
    return documents.size();
  }

  @Override
  public void close() {}
}
