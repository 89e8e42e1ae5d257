package io.adapt4j.rag.index;

import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.spi.Filter;
import io.adapt4j.rag.spi.Fusion;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Small documents whose chunks are their lines. */
final class Samples {

  static final float[] EAST = {1, 0, 0};
  static final float[] NORTH = {0, 1, 0};
  static final float[] UP = {0, 0, 1};

  private Samples() {}

  static SearchIndex.Entry entry(String id, String text, float[]... vectors) {
    return entry(id, text, Map.of(), vectors);
  }

  static SearchIndex.Entry entry(
      String id, String text, Map<String, Object> metadata, float[]... vectors) {
    Document document = new Document(id, "Title of " + id, text, metadata);
    return new SearchIndex.Entry(document, lines(document), List.of(vectors));
  }

  private static List<Chunk> lines(Document document) {
    List<Chunk> chunks = new ArrayList<>();
    int start = 0;
    for (String line : document.text().split("\n", -1)) {
      Span span = new Span(start, start + line.length());
      Span whole = new Span(0, document.text().length());
      chunks.add(new Chunk(document.id(), chunks.size(), span, whole, "", line));
      start = span.end() + 1;
    }
    return chunks;
  }

  static SearchQuery words(String text) {
    return new SearchQuery(text, Optional.empty(), 10, Optional.empty(), Fusion.standard());
  }

  static SearchQuery near(float... vector) {
    return new SearchQuery("", Optional.of(vector), 10, Optional.empty(), Fusion.standard());
  }

  static SearchQuery both(String text, float... vector) {
    return new SearchQuery(text, Optional.of(vector), 10, Optional.empty(), Fusion.standard());
  }

  static SearchQuery where(SearchQuery query, Filter filter) {
    return new SearchQuery(
        query.text(), query.vector(), query.limit(), Optional.of(filter), query.fusion());
  }

  static SearchQuery limited(SearchQuery query, int limit) {
    return new SearchQuery(query.text(), query.vector(), limit, query.filter(), query.fusion());
  }

  static SearchQuery fused(SearchQuery query, Fusion fusion) {
    return new SearchQuery(query.text(), query.vector(), query.limit(), query.filter(), fusion);
  }

  static List<String> ids(List<Hit> hits) {
    return hits.stream().map(hit -> hit.chunk().id()).toList();
  }
}
