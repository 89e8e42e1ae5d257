package io.adapt4j.rag.langchain4j;

import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.ContentMetadata;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import dev.langchain4j.rag.query.Query;
import io.adapt4j.rag.embed.TextEmbeddings;
import io.adapt4j.rag.index.Fusion;
import io.adapt4j.rag.index.Hit;
import io.adapt4j.rag.index.SearchIndex;
import io.adapt4j.rag.index.SearchQuery;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** An index as a retriever of LangChain4j. */
final class IndexRetriever implements ContentRetriever {

  private final SearchIndex index;
  private final TextEmbeddings embeddings;
  private final int limit;

  IndexRetriever(SearchIndex index, TextEmbeddings embeddings, int limit) {
    if (limit < 1) {
      throw new IllegalArgumentException("limit must be at least 1, found " + limit);
    }
    this.index = index;
    this.embeddings = embeddings;
    this.limit = limit;
  }

  @Override
  public List<Content> retrieve(Query query) {
    SearchQuery search =
        new SearchQuery(
            query.text(),
            Optional.of(embeddings.query(query.text())),
            limit,
            Optional.empty(),
            Fusion.standard());
    return index.search(search).stream().map(IndexRetriever::content).toList();
  }

  private static Content content(Hit hit) {
    Metadata metadata = metadata(hit.metadata());
    metadata.put(LangChain4j.DOCUMENT_ID, hit.chunk().documentId());
    metadata.put(LangChain4j.CHUNK, hit.chunk().number());
    metadata.put(LangChain4j.START, hit.chunk().span().start());
    metadata.put(LangChain4j.END, hit.chunk().span().end());
    if (!hit.title().isEmpty()) {
      metadata.put(LangChain4j.TITLE, hit.title());
    }
    return Content.from(
        TextSegment.from(hit.chunk().text(), metadata),
        Map.of(ContentMetadata.SCORE, hit.score(), ContentMetadata.EMBEDDING_ID, hit.chunk().id()));
  }

  /** Metadata there have no booleans: these become texts. */
  private static Metadata metadata(Map<String, Object> fields) {
    Metadata metadata = new Metadata();
    fields.forEach(
        (field, value) -> {
          if (value instanceof Long number) {
            metadata.put(field, number);
          } else if (value instanceof Double number) {
            metadata.put(field, number);
          } else if (!value.toString().isBlank()) {
            metadata.put(field, value.toString());
          }
        });
    return metadata;
  }
}
