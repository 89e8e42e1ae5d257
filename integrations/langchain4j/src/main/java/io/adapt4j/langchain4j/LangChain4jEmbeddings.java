package io.adapt4j.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.request.EmbeddingRequestParameters;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.List;

/** A LangChain4j embedding model as Adapt4J embeddings. */
final class LangChain4jEmbeddings implements TextEmbeddings {

  private final EmbeddingModel model;
  private final String identity;

  LangChain4jEmbeddings(EmbeddingModel model, String identity) {
    if (identity.isBlank()) {
      throw new IllegalArgumentException("identity: expected a text, found a blank one");
    }
    this.model = model;
    this.identity = identity;
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public int dimension() {
    return model.dimension();
  }

  @Override
  public List<float[]> passages(List<String> texts) {
    return texts.isEmpty() ? List.of() : embed(texts, EmbeddingInputType.DOCUMENT);
  }

  @Override
  public float[] query(String text) {
    return embed(List.of(text), EmbeddingInputType.QUERY).get(0);
  }

  @Override
  public List<float[]> queries(List<String> texts) {
    return texts.isEmpty() ? List.of() : embed(texts, EmbeddingInputType.QUERY);
  }

  private List<float[]> embed(List<String> texts, EmbeddingInputType type) {
    EmbeddingRequest.Builder request =
        EmbeddingRequest.builder().inputs(texts.stream().map(EmbeddingInput::from).toList());
    if (model.supportedParameters().contains(EmbeddingRequestParameters.INPUT_TYPE)) {
      request.inputType(type);
    }
    return model.embed(request.build()).embeddings().stream()
        .map(LangChain4jEmbeddings::ofLengthOne)
        .toList();
  }

  private static float[] ofLengthOne(Embedding embedding) {
    Embedding copy = Embedding.from(embedding.vector().clone());
    copy.normalize();
    return copy.vector();
  }
}
