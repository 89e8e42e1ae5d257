package io.adapt4j.langchain4j;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.ContentMetadata;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import dev.langchain4j.rag.query.Query;
import io.adapt4j.rag.document.Chunk;
import io.adapt4j.rag.document.Document;
import io.adapt4j.rag.document.Span;
import io.adapt4j.rag.internal.index.ContentHash;
import io.adapt4j.rag.spi.Hit;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.SearchQuery;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Read-only index over a LangChain4j retriever: each content is a document with one chunk. The most
 * recently found documents are kept, so that citations can be checked.
 */
final class LangChain4jIndex implements SearchIndex {

  private static final int KEPT = 1000;

  /** Number of digits of a hash that identifies a content. */
  private static final int DIGITS = 16;

  private final ContentRetriever retriever;
  private final Cache<String, Document> found = CacheBuilder.newBuilder().maximumSize(KEPT).build();

  LangChain4jIndex(ContentRetriever retriever) {
    this.retriever = retriever;
  }

  @Override
  public List<Hit> search(SearchQuery query) {
    if (query.text().isBlank()) {
      throw unsupported("searches by vector alone; search by words or both");
    }
    if (query.filter().isPresent()) {
      throw unsupported("filters; give the retriever of LangChain4j its own");
    }
    List<Content> contents = retriever.retrieve(Query.from(query.text()));
    List<Hit> hits = new ArrayList<>();
    for (Content content : contents.subList(0, Math.min(query.limit(), contents.size()))) {
      hits.add(hit(content, hits.size()));
    }
    return List.copyOf(hits);
  }

  /** Scores decrease with the rank if the retriever gives none. */
  private Hit hit(Content content, int rank) {
    Document document = document(content);
    found.put(document.id(), document);
    Object score = content.metadata().get(ContentMetadata.SCORE);
    return new Hit(
        chunk(document),
        score instanceof Number number ? number.doubleValue() : 1.0 / (1 + rank),
        document.title(),
        document.metadata());
  }

  private static Document document(Content content) {
    Map<String, Object> fields = new LinkedHashMap<>();
    content
        .textSegment()
        .metadata()
        .toMap()
        .forEach(
            (field, value) ->
                fields.put(field, value instanceof Number ? value : value.toString()));
    String title = String.valueOf(fields.getOrDefault(LangChain4jRetrieval.TITLE, ""));
    Document document = new Document("content", title, content.textSegment().text(), fields);
    String id = "content-" + ContentHash.of(document).substring(0, DIGITS);
    return new Document(id, title, document.text(), fields);
  }

  private static Chunk chunk(Document document) {
    Span whole = new Span(0, document.text().length());
    return new Chunk(document.id(), 0, whole, whole, "", document.text());
  }

  @Override
  public Optional<Document> document(String id) {
    return Optional.ofNullable(found.getIfPresent(id));
  }

  @Override
  public List<Chunk> chunks(String id, int first, int last) {
    return document(id).filter(document -> first <= 0 && last >= 0).stream()
        .map(LangChain4jIndex::chunk)
        .toList();
  }

  @Override
  public void putAll(List<Entry> entries) {
    throw unsupported("changes; add documents where it searches");
  }

  @Override
  public void delete(List<String> ids) {
    throw unsupported("changes; delete documents where it searches");
  }

  @Override
  public Map<String, String> contentHashes() {
    throw unsupported("lists of what there is");
  }

  @Override
  public long documentCount() {
    throw unsupported("counts of what there is");
  }

  @Override
  public long chunkCount() {
    throw unsupported("counts of what there is");
  }

  private static UnsupportedOperationException unsupported(String what) {
    return new UnsupportedOperationException("A retriever of LangChain4j knows no " + what);
  }

  /** Does nothing: there are no resources. */
  @Override
  public void close() {}
}
