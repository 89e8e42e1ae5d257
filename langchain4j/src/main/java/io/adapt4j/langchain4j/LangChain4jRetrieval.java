package io.adapt4j.langchain4j;

import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.scoring.ScoringModel;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import io.adapt4j.rag.retrieve.Retriever;
import io.adapt4j.rag.spi.Reranker;
import io.adapt4j.rag.spi.SearchIndex;
import io.adapt4j.rag.spi.TextEmbeddings;

/**
 * What finds documents, as LangChain4j takes it, and the other way round. Needs {@code
 * adapt4j-rag}. No adapter closes what it is made of.
 */
public final class LangChain4jRetrieval {

  /** Key of a content's metadata: the id of the document it is in. */
  public static final String DOCUMENT_ID = "document_id";

  /** Key of a content's metadata: the title of the document; absent if it has none. */
  public static final String TITLE = "title";

  /** Key of a content's metadata: the number of the chunk in the document, from 0. */
  public static final String CHUNK = "chunk";

  /** Key of a content's metadata: where the text begins in the document, in UTF-16 characters. */
  public static final String START = "start";

  /** Key of a content's metadata: the character after its last. */
  public static final String END = "end";

  private LangChain4jRetrieval() {}

  /**
   * Finds contents for queries. A content is the text of a passage; its metadata are those of the
   * document and the keys above, which win over fields of the same name. Booleans become texts.
   *
   * @param retriever what finds passages
   * @return the same retriever
   */
  public static ContentRetriever contentRetriever(Retriever retriever) {
    return new Adapt4jContentRetriever(retriever);
  }

  /**
   * Gives out vectors. Requests with {@code EmbeddingInputType.QUERY} are embedded as questions,
   * all others as passages; for models without prompts that is the same.
   *
   * @param embeddings the model
   * @return the same model
   */
  public static EmbeddingModel embeddingModel(TextEmbeddings embeddings) {
    return new Adapt4jEmbeddingModel(embeddings);
  }

  /**
   * Scores texts by how well they answer a query, such as with a cross-encoder of this process.
   *
   * @param reranker what scores
   * @return the same reranker
   */
  public static ScoringModel scoringModel(Reranker reranker) {
    return new RerankerScoringModel(reranker);
  }

  /**
   * Searches with a retriever of LangChain4j, for answers with citations. Each content is a
   * document of its own, named by a hash; the last 1,000 found are kept for citations to be
   * checked. Nothing can be added or deleted, filters and searches by vector alone are refused;
   * vectors are not looked at, so that {@code SearchBy.WORDS} saves making them.
   *
   * @param retriever what finds contents
   * @return an index of what it finds
   */
  public static SearchIndex index(ContentRetriever retriever) {
    return new LangChain4jIndex(retriever);
  }

  /**
   * Takes vectors of a model of LangChain4j, scaled to length 1. Questions are asked for with
   * {@code EmbeddingInputType.QUERY} and passages with {@code DOCUMENT} where the model knows
   * these.
   *
   * @param model the model
   * @param identity what tells its vectors from those of other models, such as provider, name and
   *     version; an index takes vectors of one identity only
   * @return the same model
   * @throws IllegalArgumentException if the identity is blank
   */
  public static TextEmbeddings embeddings(EmbeddingModel model, String identity) {
    return new LangChain4jEmbeddings(model, identity);
  }

  /**
   * Reranks with a scoring model of LangChain4j.
   *
   * @param model the model
   * @return the same model
   */
  public static Reranker reranker(ScoringModel model) {
    return new LangChain4jReranker(model);
  }
}
