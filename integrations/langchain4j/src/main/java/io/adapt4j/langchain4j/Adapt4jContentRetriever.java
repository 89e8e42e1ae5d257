package io.adapt4j.langchain4j;

import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.ContentMetadata;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import dev.langchain4j.rag.query.Query;
import io.adapt4j.rag.retrieve.Passage;
import io.adapt4j.rag.retrieve.Retriever;
import java.util.List;
import java.util.Map;

/** An Adapt4J retriever as a LangChain4j content retriever. */
record Adapt4jContentRetriever(Retriever retriever) implements ContentRetriever {

  @Override
  public List<Content> retrieve(Query query) {
    return retriever.retrieve(query.text()).passages().stream()
        .map(Adapt4jContentRetriever::content)
        .toList();
  }

  private static Content content(Passage passage) {
    Metadata metadata = metadata(passage.metadata());
    metadata.put(LangChain4jRetrieval.DOCUMENT_ID, passage.documentId());
    metadata.put(LangChain4jRetrieval.CHUNK, passage.chunk().number());
    metadata.put(LangChain4jRetrieval.START, passage.span().start());
    metadata.put(LangChain4jRetrieval.END, passage.span().end());
    if (!passage.title().isBlank()) {
      metadata.put(LangChain4jRetrieval.TITLE, passage.title());
    }
    return Content.from(
        TextSegment.from(passage.text(), metadata),
        Map.of(
            ContentMetadata.SCORE,
            passage.score(),
            ContentMetadata.EMBEDDING_ID,
            passage.chunk().id()));
  }

  /** LangChain4j metadata allow neither booleans, which become texts, nor blank texts. */
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
