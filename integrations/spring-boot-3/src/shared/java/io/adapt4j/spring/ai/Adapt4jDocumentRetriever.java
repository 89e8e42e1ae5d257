package io.adapt4j.spring.ai;

import io.adapt4j.rag.Rag;
import io.adapt4j.rag.retrieve.Passage;
import io.adapt4j.rag.retrieve.Retrieval;
import io.adapt4j.rag.retrieve.Retriever;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.springframework.ai.document.Document;
import org.springframework.ai.rag.Query;
import org.springframework.ai.rag.retrieval.search.DocumentRetriever;

/**
 * An Adapt4J retriever as a Spring AI document retriever: search by words and vectors, combined and
 * reranked as its {@link io.adapt4j.rag.retrieve.RetrievalOptions} say.
 *
 * <p>Documents have the passage's text, its score, the metadata of its document, and the keys
 * below; a query's history and context are ignored. Safe for use by several threads if the
 * retriever is.
 */
public final class Adapt4jDocumentRetriever implements DocumentRetriever {

  /** Metadata key: the id of the passage's document. */
  public static final String DOCUMENT_ID = "document_id";

  /** Metadata key: the title of the document; absent if it has none. */
  public static final String TITLE = "title";

  /** Metadata key: the start of the passage in the document, in UTF-16 units. */
  public static final String START = "start";

  /** Metadata key: the end of the passage in the document, exclusive. */
  public static final String END = "end";

  private final Function<String, Retrieval> search;

  private Adapt4jDocumentRetriever(Function<String, Retrieval> search) {
    this.search = search;
  }

  /**
   * Returns a retriever of an index with its embeddings and options.
   *
   * @param rag the index, which the caller closes
   * @return the retriever
   */
  public static Adapt4jDocumentRetriever of(Rag rag) {
    Objects.requireNonNull(rag, "rag");
    return new Adapt4jDocumentRetriever(rag::search);
  }

  /**
   * Returns a retriever of Spring AI's interface.
   *
   * @param retriever the retriever
   * @return the retriever
   */
  public static Adapt4jDocumentRetriever of(Retriever retriever) {
    Objects.requireNonNull(retriever, "retriever");
    return new Adapt4jDocumentRetriever(retriever::retrieve);
  }

  @Override
  public List<Document> retrieve(Query query) {
    return search.apply(query.text()).passages().stream()
        .map(Adapt4jDocumentRetriever::document)
        .toList();
  }

  private static Document document(Passage passage) {
    Map<String, Object> metadata = new HashMap<>(passage.metadata());
    metadata.put(DOCUMENT_ID, passage.documentId());
    metadata.put(START, passage.span().start());
    metadata.put(END, passage.span().end());
    if (!passage.title().isBlank()) {
      metadata.put(TITLE, passage.title());
    }
    return Document.builder()
        .id(passage.chunk().id())
        .text(passage.text())
        .metadata(metadata)
        .score(passage.score())
        .build();
  }
}
