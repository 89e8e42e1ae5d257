package io.adapt4j.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.embedding.request.EmbeddingParameter;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.request.EmbeddingRequestParameters;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.List;
import java.util.Set;

/** Adapt4J embeddings as a LangChain4j embedding model. */
record Adapt4jEmbeddingModel(TextEmbeddings embeddings) implements EmbeddingModel {

  @Override
  public EmbeddingResponse doEmbed(EmbeddingRequest request) {
    List<String> texts = request.inputs().stream().map(EmbeddingInput::text).toList();
    List<float[]> vectors =
        request.inputType() == EmbeddingInputType.QUERY
            ? texts.stream().map(embeddings::query).toList()
            : embeddings.passages(texts);
    return EmbeddingResponse.builder()
        .embeddings(vectors.stream().map(Embedding::from).toList())
        .modelName(modelName())
        .build();
  }

  @Override
  public Set<EmbeddingParameter<?>> supportedParameters() {
    return Set.of(EmbeddingRequestParameters.INPUT_TYPE);
  }

  @Override
  public int dimension() {
    return embeddings.dimension();
  }

  @Override
  public String modelName() {
    return embeddings.identity();
  }
}
