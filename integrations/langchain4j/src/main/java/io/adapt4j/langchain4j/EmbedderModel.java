package io.adapt4j.langchain4j;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.model.embedding.EmbeddingModel;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.embedding.request.EmbeddingParameter;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.request.EmbeddingRequestParameters;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.output.TokenUsage;
import io.adapt4j.core.TextEmbedder;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An encoder in this process as a LangChain4j embedding model. */
record EmbedderModel(TextEmbedder embedder, String modelName) implements EmbeddingModel {

  @Override
  public EmbeddingResponse doEmbed(EmbeddingRequest request) {
    List<String> texts = request.inputs().stream().map(EmbeddingInput::text).toList();
    Optional<String> prompt = prompt(request.inputType());
    List<float[]> vectors =
        prompt.isPresent() ? embedder.embedAll(texts, prompt.get()) : embedder.embedAll(texts);
    int tokens = texts.stream().mapToInt(embedder::countTokens).sum();
    return EmbeddingResponse.builder()
        .embeddings(vectors.stream().map(Embedding::from).toList())
        .tokenUsage(new TokenUsage(tokens))
        .modelName(modelName)
        .build();
  }

  private Optional<String> prompt(@Nullable EmbeddingInputType type) {
    List<String> names =
        type == EmbeddingInputType.QUERY
            ? List.of("query")
            : type == EmbeddingInputType.DOCUMENT ? List.of("passage", "document") : List.of();
    return names.stream().filter(embedder.prompts()::containsKey).findFirst();
  }

  @Override
  public Set<EmbeddingParameter<?>> supportedParameters() {
    return Set.of(EmbeddingRequestParameters.INPUT_TYPE);
  }

  @Override
  public int dimension() {
    return embedder.dimension();
  }
}
