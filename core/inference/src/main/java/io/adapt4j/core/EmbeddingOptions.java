package io.adapt4j.core;

import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.model.Precision;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Options for loading a {@link TextEmbedder}. Unset options follow the model's folder; a folder
 * without {@code modules.json} gets mean pooling over all tokens, normalized to length 1.
 */
public final class EmbeddingOptions {

  private final Precision precision;
  private final Optional<Pooling> pooling;
  private final Optional<Boolean> normalize;
  private final OptionalInt maxTokens;
  private final OptionalInt dimension;
  private final Optional<String> task;

  private EmbeddingOptions(Builder builder) {
    this.precision = builder.precision;
    this.pooling = builder.pooling;
    this.normalize = builder.normalize;
    this.maxTokens = builder.maxTokens;
    this.dimension = builder.dimension;
    this.task = builder.task;
  }

  /**
   * Creates a builder with {@link Precision#AUTO} and nothing else set.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  Precision precision() {
    return precision;
  }

  Optional<Pooling> pooling() {
    return pooling;
  }

  Optional<Boolean> normalize() {
    return normalize;
  }

  OptionalInt maxTokens() {
    return maxTokens;
  }

  OptionalInt dimension() {
    return dimension;
  }

  Optional<String> task() {
    return task;
  }

  /** Builder of the options. */
  public static final class Builder {

    private Precision precision = Precision.AUTO;
    private Optional<Pooling> pooling = Optional.empty();
    private Optional<Boolean> normalize = Optional.empty();
    private OptionalInt maxTokens = OptionalInt.empty();
    private OptionalInt dimension = OptionalInt.empty();
    private Optional<String> task = Optional.empty();

    private Builder() {}

    /**
     * Sets the data type of weights and computation.
     *
     * @param value the precision
     */
    public Builder precision(Precision value) {
      precision = Objects.requireNonNull(value, "precision");
      return this;
    }

    /**
     * Sets how token vectors are pooled into the vector of a text.
     *
     * @param value the pooling
     */
    public Builder pooling(Pooling value) {
      Texts.require("value", value);
      pooling = Optional.of(value);
      return this;
    }

    /**
     * Sets whether vectors are scaled to length 1.
     *
     * @param value true to scale, false to leave them as they are
     */
    public Builder normalize(boolean value) {
      normalize = Optional.of(value);
      return this;
    }

    /**
     * Sets the maximum number of tokens of a text, special tokens included; longer texts are
     * truncated.
     *
     * @param value at least 1, at most the number of the model's positions
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder maxTokens(int value) {
      if (value < 1) {
        throw new IllegalArgumentException("maxTokens: expected at least 1, found " + value);
      }
      maxTokens = OptionalInt.of(value);
      return this;
    }

    /**
     * Truncates vectors to their first entries, as models trained for it allow (Matryoshka
     * embeddings, Kusupati et al. 2022). Normalized vectors are normalized again.
     *
     * @param value at least 1, at most the dimension of the model's vectors
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder dimension(int value) {
      if (value < 1) {
        throw new IllegalArgumentException("dimension: expected at least 1, found " + value);
      }
      dimension = OptionalInt.of(value);
      return this;
    }

    /**
     * Sets the task whose LoRA adapter is added to the weights, for models that are published with
     * several, such as jina-embeddings-v3. The task's instruction precedes texts by default.
     * Without a task the weights have no adapter.
     *
     * @param value one of the model's tasks, such as {@code retrieval.query}
     */
    public Builder task(String value) {
      Texts.require("value", value);
      task = Optional.of(value);
      return this;
    }

    /**
     * Builds the options.
     *
     * @return immutable options
     */
    public EmbeddingOptions build() {
      return new EmbeddingOptions(this);
    }
  }
}
