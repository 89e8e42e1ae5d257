package io.adapt4j.rag.embed;

import io.adapt4j.core.EmbeddingOptions;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.rag.internal.WellFormed;
import io.adapt4j.rag.internal.embed.ModelIdentity;
import io.adapt4j.rag.internal.embed.Vectors;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Embeddings of a local sentence encoder, loaded from a sentence-transformers folder or that of a
 * plain encoder.
 *
 * <p>Questions and passages get the given prompts, by default those in the folder's {@code
 * config_sentence_transformers.json}: {@code query} for questions, {@code passage} or {@code
 * document} for passages.
 *
 * <p>Thread-safe; calls are serialized.
 */
public final class LocalEmbeddings implements TextEmbeddings {

  private final TextEmbedder embedder;

  /** Of questions: another one only if they are a task of their own. */
  private final TextEmbedder asking;

  private final String identity;
  private final Optional<Prompts> prompts;

  private LocalEmbeddings(
      TextEmbedder embedder, TextEmbedder asking, String identity, Optional<Prompts> prompts) {
    this.embedder = embedder;
    this.asking = asking;
    this.identity = identity;
    this.prompts = prompts;
  }

  /**
   * Loads a model with the settings of its folder.
   *
   * @param source location of the model
   * @return the embeddings, closed by the caller
   * @throws io.adapt4j.core.hub.HubException if the model is on a hub and cannot be downloaded
   * @throws io.adapt4j.core.exception.CheckpointException if the folder is not that of an encoder,
   *     the weights do not match, or there is no usable tokenizer
   */
  public static LocalEmbeddings load(ModelSource source) {
    return builder(source).build();
  }

  /**
   * Uses a loaded model, such as one with an adapter.
   *
   * @param embedder the model, closed with the returned embeddings
   * @param identity id that distinguishes its vectors from those of other models
   * @param prompts prefixes of texts
   * @return the embeddings
   */
  public static LocalEmbeddings of(TextEmbedder embedder, String identity, Prompts prompts) {
    Texts.require("embedder", embedder);
    return new LocalEmbeddings(embedder, embedder, requireIdentity(identity), Optional.of(prompts));
  }

  /**
   * Starts a builder with the settings of the folder.
   *
   * @return a new builder
   */
  public static Builder builder(ModelSource source) {
    return new Builder(source);
  }

  @Override
  public String identity() {
    return identity;
  }

  @Override
  public int dimension() {
    return embedder.dimension();
  }

  @Override
  public OptionalInt maxTokens() {
    return OptionalInt.of(embedder.maxTokens());
  }

  @Override
  public int countTokens(String text) {
    Texts.require("text", text);
    return embedder.countTokens(passagePrompt() + WellFormed.of(text));
  }

  private String passagePrompt() {
    return prompts
        .map(Prompts::passage)
        .orElseGet(
            () -> {
              Map<String, String> known = embedder.prompts();
              return known.getOrDefault("passage", known.getOrDefault("document", ""));
            });
  }

  @Override
  public List<float[]> passages(List<String> texts) {
    Texts.requireAll("texts", texts);
    List<String> clean = texts.stream().map(WellFormed::of).toList();
    List<float[]> vectors =
        prompts.isPresent()
            ? prefixed(embedder, prompts.get().passage(), clean)
            : stored(embedder, clean, "passage", "document");
    vectors.forEach(Vectors::normalize);
    return vectors;
  }

  @Override
  public float[] query(String text) {
    Texts.require("text", text);
    return queries(List.of(text)).get(0);
  }

  @Override
  public List<float[]> queries(List<String> texts) {
    Texts.requireAll("texts", texts);
    List<String> clean = texts.stream().map(WellFormed::of).toList();
    List<float[]> vectors =
        prompts.isPresent()
            ? prefixed(asking, prompts.get().query(), clean)
            : stored(asking, clean, "query");
    vectors.forEach(Vectors::normalize);
    return vectors;
  }

  private static List<float[]> prefixed(TextEmbedder embedder, String prefix, List<String> texts) {
    return embedder.embedAll(
        prefix.isEmpty() ? texts : texts.stream().map(text -> prefix + text).toList());
  }

  private static List<float[]> stored(TextEmbedder embedder, List<String> texts, String... names) {
    Map<String, String> known = embedder.prompts();
    for (String name : names) {
      if (known.containsKey(name)) {
        return embedder.embedAll(texts, name);
      }
    }
    return embedder.embedAll(texts);
  }

  @Override
  public void close() {
    asking.close();
    embedder.close();
  }

  private static String requireIdentity(String identity) {
    if (identity.isBlank()) {
      throw new IllegalArgumentException("identity: expected a text, found a blank one");
    }
    return identity;
  }

  /** Builder that overrides settings of a folder. */
  public static final class Builder {

    private final ModelSource source;
    private final EmbeddingOptions.Builder options = EmbeddingOptions.builder();
    private Precision precision = Precision.AUTO;
    private OptionalInt maxTokens = OptionalInt.empty();
    private Optional<Prompts> prompts = Optional.empty();
    private Optional<Tasks> tasks = Optional.empty();
    private boolean batchInvariant;

    private record Tasks(String query, String passage) {}

    private Builder(ModelSource source) {
      this.source = Objects.requireNonNull(source, "source");
    }

    /**
     * Sets the type of weights and computation; by default the checkpoint's.
     *
     * @param value the precision
     */
    public Builder precision(Precision value) {
      precision = value;
      options.precision(value);
      return this;
    }

    /**
     * Sets the maximum number of tokens of a text; by default the folder's setting.
     *
     * @param value at least 1
     */
    public Builder maxTokens(int value) {
      options.maxTokens(value);
      maxTokens = OptionalInt.of(value);
      return this;
    }

    /**
     * Sets the prefixes of texts, instead of the folder's.
     *
     * @param value the prompts
     */
    public Builder prompts(Prompts value) {
      prompts = Optional.of(value);
      return this;
    }

    /**
     * Sets the tasks whose adapters compute questions and passages, for models published with
     * several ({@link EmbeddingOptions.Builder#task}). The model is loaded once for each.
     *
     * @param query task of questions, such as {@code retrieval.query}
     * @param passage task of passages, such as {@code retrieval.passage}
     */
    public Builder tasks(String query, String passage) {
      Texts.require("query", query);
      Texts.require("passage", passage);
      tasks = Optional.of(new Tasks(query, passage));
      return this;
    }

    /**
     * Sets whether vectors are bitwise independent of the rest of their batch ({@link
     * TextEmbedder#batchInvariant}). Not part of the identity, as vectors differ by rounding only.
     *
     * @param on true for batch-invariant vectors
     */
    public Builder batchInvariant(boolean on) {
      batchInvariant = on;
      return this;
    }

    /**
     * Loads the model. Its identity is the folder's name and a hash of its files and of the
     * settings made here.
     *
     * @return the embeddings, closed by the caller
     */
    public LocalEmbeddings build() {
      tasks.ifPresent(named -> options.task(named.passage()));
      TextEmbedder embedder = open();
      TextEmbedder asking = embedder;
      String settings = precision + " " + maxTokens + " " + prompts.orElse(null);
      try {
        if (tasks.isPresent()) {
          settings += " " + tasks.get();
          options.task(tasks.get().query());
          asking = open();
        }
        String identity = ModelIdentity.of(embedder.folder(), settings);
        return new LocalEmbeddings(embedder, asking, identity, prompts);
      } catch (RuntimeException e) {
        asking.close();
        embedder.close();
        throw e;
      }
    }

    private TextEmbedder open() {
      TextEmbedder embedder = TextEmbedder.load(source, options.build());
      embedder.batchInvariant(batchInvariant);
      return embedder;
    }
  }
}
