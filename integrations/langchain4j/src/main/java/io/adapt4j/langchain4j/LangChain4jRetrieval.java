package io.adapt4j.langchain4j;

import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.scoring.ScoringModel;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import io.adapt4j.rag.retrieve.Retriever;
import io.adapt4j.rag.spi.Reranker;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;

/**
 * Adapters of retrieval components to LangChain4j and vice versa. Needs {@code adapt4j-rag}. No
 * adapter closes the object that it wraps.
 */
public final class LangChain4jRetrieval {

  /** Metadata key of a content: the id of its document. */
  public static final String DOCUMENT_ID = "document_id";

  /** Metadata key of a content: the title of the document; absent if it has none. */
  public static final String TITLE = "title";

  /** Metadata key of a content: the index of the chunk in the document, from 0. */
  public static final String CHUNK = "chunk";

  /** Metadata key of a content: the start of the text in the document, in UTF-16 units. */
  public static final String START = "start";

  /** Metadata key of a content: the end of the text in the document, exclusive. */
  public static final String END = "end";

  private LangChain4jRetrieval() {}

  /**
   * Adapts a retriever to LangChain4j. A content is the text of a passage; its metadata are those
   * of the document plus the keys above, which override fields of the same name. Booleans become
   * texts.
   *
   * @param retriever the retriever
   * @return the content retriever
   */
  public static ContentRetriever contentRetriever(Retriever retriever) {
    return new Adapt4jContentRetriever(retriever);
  }

  /**
   * Adapts embeddings to LangChain4j. Requests with {@code EmbeddingInputType.QUERY} are embedded
   * as questions, all others as passages; for models without prompts that is the same.
   *
   * @param embeddings the embeddings
   * @return the embedding model
   */
  public static EmbeddingModel embeddingModel(TextEmbeddings embeddings) {
    return new Adapt4jEmbeddingModel(embeddings);
  }

  /**
   * Adapts a reranker, such as a cross-encoder in this process, to LangChain4j.
   *
   * @param reranker the reranker
   * @return the scoring model
   */
  public static ScoringModel scoringModel(Reranker reranker) {
    return new RerankerScoringModel(reranker);
  }

  /**
   * Adapts a LangChain4j retriever to a search index, for answers with citations. Each content is a
   * separate document, named by a hash; the last 1,000 found are kept for checking citations.
   * Nothing can be added or deleted, and filters and searches by vector alone are refused; vectors
   * are ignored, so that {@code SearchBy.WORDS} saves computing them.
   *
   * @return an index of its results
   */
  public static SearchIndex index(ContentRetriever retriever) {
    return new LangChain4jIndex(retriever);
  }

  /**
   * Adapts a LangChain4j embedding model, with vectors normalized to length 1. Questions are
   * embedded with {@code EmbeddingInputType.QUERY} and passages with {@code DOCUMENT} if the model
   * supports these.
   *
   * @param model the model
   * @param identity identity of its vectors, such as provider, name and version; an index accepts
   *     vectors of one identity only
   * @return the embeddings
   * @throws IllegalArgumentException if the identity is blank
   */
  public static TextEmbeddings embeddings(EmbeddingModel model, String identity) {
    return new LangChain4jEmbeddings(model, identity);
  }

  /**
   * Adapts a LangChain4j scoring model to a reranker.
   *
   * @return the reranker
   */
  public static Reranker reranker(ScoringModel model) {
    return new LangChain4jReranker(model);
  }
}
