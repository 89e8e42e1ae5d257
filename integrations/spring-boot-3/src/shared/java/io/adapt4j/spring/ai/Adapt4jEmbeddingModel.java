package io.adapt4j.spring.ai;

import io.adapt4j.core.TextEmbedder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.document.Document;
import org.springframework.ai.document.MetadataMode;
import org.springframework.ai.embedding.BatchingStrategy;
import org.springframework.ai.embedding.Embedding;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.embedding.EmbeddingResponseMetadata;

/**
 * A model in this process as a Spring AI embedding model.
 *
 * <p>A model with prompts, such as E5, embeds questions and passages differently. A single text, as
 * in a vector store's search, is a question; {@link Document}s are passages. A list of texts is
 * embedded with the folder's default. Models without prompts embed all alike.
 */
public final class Adapt4jEmbeddingModel implements EmbeddingModel {

  private final Supplier<TextEmbedder> embedder;
  private final String name;

  /**
   * Adapts a model.
   *
   * @param embedder the model, which the caller closes
   * @param name model name of answers
   */
  public Adapt4jEmbeddingModel(TextEmbedder embedder, String name) {
    this(() -> embedder, name);
  }

  /**
   * Adapts a model that is obtained at the first request.
   *
   * @param embedder supplies the model, which the caller closes
   * @param name model name of answers
   */
  public Adapt4jEmbeddingModel(Supplier<TextEmbedder> embedder, String name) {
    this.embedder = Objects.requireNonNull(embedder, "embedder");
    this.name = Objects.requireNonNull(name, "name");
  }

  @Override
  public EmbeddingResponse call(EmbeddingRequest request) {
    refuse(request.getOptions());
    TextEmbedder model = embedder.get();
    List<String> texts = request.getInstructions();
    List<Embedding> embeddings = new ArrayList<>();
    for (float[] vector : model.embedAll(texts)) {
      embeddings.add(new Embedding(vector, embeddings.size()));
    }
    int tokens = texts.stream().mapToInt(model::countTokens).sum();
    return new EmbeddingResponse(
        embeddings, new EmbeddingResponseMetadata(name, new DefaultUsage(tokens, 0)));
  }

  private void refuse(@Nullable EmbeddingOptions options) {
    if (options == null) {
      return;
    }
    if (options.getModel() != null && !options.getModel().equals(name)) {
      throw Requests.unsupported(
          "the model '" + options.getModel() + "' instead of '" + name + "'");
    }
    if (options.getDimensions() != null && options.getDimensions() != dimensions()) {
      throw Requests.unsupported(options.getDimensions() + " dimensions");
    }
  }

  @Override
  public float[] embed(String text) {
    return embed(List.of(text), "query").get(0);
  }

  @Override
  public float[] embed(Document document) {
    return passages(List.of(document)).get(0);
  }

  @Override
  public List<float[]> embed(
      List<Document> documents,
      @Nullable EmbeddingOptions options,
      BatchingStrategy batchingStrategy) {
    refuse(options);
    List<float[]> vectors = new ArrayList<>();
    for (List<Document> batch : batchingStrategy.batch(documents)) {
      vectors.addAll(passages(batch));
    }
    return vectors;
  }

  private List<float[]> passages(List<Document> documents) {
    return embed(
        documents.stream()
            .map(document -> document.getFormattedContent(MetadataMode.EMBED))
            .toList(),
        "passage",
        "document");
  }

  private List<float[]> embed(List<String> texts, String... prompts) {
    TextEmbedder model = embedder.get();
    Optional<String> prompt =
        List.of(prompts).stream().filter(model.prompts()::containsKey).findFirst();
    return prompt.isPresent() ? model.embedAll(texts, prompt.get()) : model.embedAll(texts);
  }

  @Override
  public int dimensions() {
    return embedder.get().dimension();
  }
}
