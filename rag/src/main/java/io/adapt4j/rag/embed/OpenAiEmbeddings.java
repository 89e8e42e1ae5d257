package io.adapt4j.rag.embed;

import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.http.Secrets;
import io.adapt4j.core.internal.http.Sleeper;
import io.adapt4j.core.text.GeneratorException;
import io.adapt4j.rag.internal.embed.Vectors;
import io.adapt4j.rag.spi.TextEmbeddings;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Vectors of a server with OpenAI's interface for embeddings ({@code POST /v1/embeddings}), such as
 * Ollama, vLLM, llama.cpp's server, text-embeddings-inference or OpenAI.
 *
 * <p>Texts go in batches. What may work later (429, 500, 502, 503, 504, a lost connection) is tried
 * again with growing pauses or after what {@code Retry-After} says; a server that cannot be reached
 * is an error at once. Vectors are brought to length 1. Safe for use by several threads.
 */
public final class OpenAiEmbeddings implements TextEmbeddings {

  /** Texts a request unless it is set. */
  public static final int DEFAULT_BATCH = 64;

  /** Default of the longest answer, in bytes: 32 MiB. */
  public static final long DEFAULT_MAX_ANSWER_BYTES = 32L << 20;

  private final EmbeddingClient client;
  private final EmbeddingSettings settings;
  private volatile int dimension;

  private OpenAiEmbeddings(EmbeddingSettings settings) {
    this.settings = settings;
    this.client = new EmbeddingClient(settings);
    this.dimension = settings.dimension().orElse(0);
  }

  /**
   * Begins with an address.
   *
   * @param address the server's, such as {@code http://localhost:11434}, with or without {@code
   *     /v1} or the whole path
   * @return a new builder
   * @throws IllegalArgumentException if it is not an HTTP address
   */
  public static Builder at(URI address) {
    return new Builder(address);
  }

  /** The model's name, the prompts and the asked dimension; the server may move. */
  @Override
  public String identity() {
    return settings.model() + " " + settings.prompts() + " " + settings.dimension();
  }

  /**
   * Returns the length of the vectors. If it is not set, the first call asks the server.
   *
   * @throws GeneratorException if the server has to be asked and cannot answer
   */
  @Override
  public int dimension() {
    if (dimension == 0) {
      query("dimension");
    }
    return dimension;
  }

  /**
   * Embeds texts to be found, in batches.
   *
   * @throws GeneratorException if the server refuses or cannot be reached
   */
  @Override
  public List<float[]> passages(List<String> texts) {
    Texts.requireAll("texts", texts);
    return embed(settings.prompts().passage(), texts);
  }

  /**
   * Embeds a question.
   *
   * @throws GeneratorException if the server refuses or cannot be reached
   */
  @Override
  public float[] query(String text) {
    Texts.require("text", text);
    return embed(settings.prompts().query(), List.of(text)).get(0);
  }

  /**
   * Embeds questions, in batches.
   *
   * @throws GeneratorException if the server refuses or cannot be reached
   */
  @Override
  public List<float[]> queries(List<String> texts) {
    return embed(settings.prompts().query(), texts);
  }

  private List<float[]> embed(String prefix, List<String> texts) {
    List<float[]> vectors = new ArrayList<>(texts.size());
    for (int from = 0; from < texts.size(); from += settings.batch()) {
      List<String> batch = texts.subList(from, Math.min(texts.size(), from + settings.batch()));
      vectors.addAll(client.embed(batch.stream().map(text -> prefix + text).toList()));
    }
    for (float[] vector : vectors) {
      requireDimension(vector);
      Vectors.normalize(vector);
    }
    return Collections.unmodifiableList(vectors);
  }

  private void requireDimension(float[] vector) {
    if (dimension == 0) {
      dimension = vector.length;
    }
    if (vector.length != dimension) {
      throw new GeneratorException(
          ("%s: expected vectors of %s entries, found one of %s. Set the dimension that the"
                  + " model %s has")
              .formatted(settings.shown(), dimension, vector.length, settings.model()));
    }
  }

  /** How to reach a server. */
  public static final class Builder {

    private final URI endpoint;
    private @Nullable String model;
    private Optional<String> key = Optional.empty();
    private Prompts prompts = Prompts.none();
    private int batch = DEFAULT_BATCH;
    private OptionalInt dimension = OptionalInt.empty();
    private Duration timeout = Duration.ofMinutes(1);
    private int retries = 4;
    private long maxAnswerBytes = DEFAULT_MAX_ANSWER_BYTES;
    private Sleeper sleeper = Sleeper.REAL;

    private Builder(URI address) {
      this.endpoint = endpoint(address);
    }

    private static URI endpoint(URI address) {
      boolean http = address.getScheme() != null && address.getScheme().matches("(?i)https?");
      if (!http || address.getHost() == null || address.getUserInfo() != null) {
        throw new IllegalArgumentException(
            "address: expected one such as http://localhost:11434, without user and password, found "
                + Secrets.hideInAddresses(address.toString()));
      }
      String path = address.getPath().replaceFirst("/+$", "");
      if (path.endsWith("/embeddings")) {
        return address;
      }
      String whole = path.isEmpty() ? "/v1/embeddings" : path + "/embeddings";
      String query = address.getRawQuery() == null ? "" : "?" + address.getRawQuery();
      return address.resolve(whole + query);
    }

    /**
     * Names the model, which the server must have.
     *
     * @param value such as {@code nomic-embed-text}
     * @return this
     */
    public Builder model(String value) {
      model = Objects.requireNonNull(value, "model");
      return this;
    }

    /**
     * Sets the key, sent as a bearer token and never shown in messages.
     *
     * @param value the key
     * @return this
     * @throws IllegalArgumentException if it is empty, or has characters that a key never has
     */
    public Builder apiKey(String value) {
      key = Optional.of(Secrets.requireKey("apiKey", value));
      return this;
    }

    /**
     * Sets what to put before texts; nothing unless it is set.
     *
     * @param value the prompts
     * @return this
     */
    public Builder prompts(Prompts value) {
      prompts = Objects.requireNonNull(value, "prompts");
      return this;
    }

    /**
     * Sets the most texts a request; {@value #DEFAULT_BATCH} unless it is set.
     *
     * @param value at least 1
     * @return this
     */
    public Builder batch(int value) {
      batch = requireAtLeast("batch", 1, value);
      return this;
    }

    /**
     * Sets the length of the vectors and asks the server for it, which some models can shorten.
     *
     * @param value at least 1
     * @return this
     */
    public Builder dimension(int value) {
      dimension = OptionalInt.of(requireAtLeast("dimension", 1, value));
      return this;
    }

    /**
     * Sets the longest a request may take; a minute unless it is set.
     *
     * @param value above 0
     * @return this
     */
    public Builder timeout(Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException("timeout must be above 0, found " + value);
      }
      timeout = value;
      return this;
    }

    /**
     * Sets how often to try again what may work later; 4 unless it is set.
     *
     * @param value at least 0
     * @return this
     */
    public Builder retries(int value) {
      retries = requireAtLeast("retries", 0, value);
      return this;
    }

    /**
     * Sets how many bytes an answer may have; a longer one is an error and is not read further. 32
     * MiB unless it is set, which is some 5 times what a batch of 64 vectors of 4096 numbers takes.
     *
     * @param value at least 1, at most 1 GiB
     * @return this
     */
    public Builder maxAnswerBytes(long value) {
      if (value < 1 || value > 1L << 30) {
        throw new IllegalArgumentException(
            "maxAnswerBytes must be 1 to 1073741824, found " + value);
      }
      maxAnswerBytes = value;
      return this;
    }

    /** Replaces the waiting between attempts, for tests. */
    Builder sleeper(Sleeper waiting) {
      sleeper = waiting;
      return this;
    }

    /**
     * Makes the embeddings. Nothing is sent before the first text.
     *
     * @return the embeddings
     * @throws IllegalStateException if no model was named
     */
    public OpenAiEmbeddings build() {
      if (model == null) {
        throw new IllegalStateException("model must be named");
      }
      return new OpenAiEmbeddings(
          new EmbeddingSettings(
              endpoint,
              model,
              key,
              prompts,
              batch,
              dimension,
              timeout,
              retries,
              maxAnswerBytes,
              sleeper));
    }

    private static int requireAtLeast(String name, int least, int value) {
      if (value < least) {
        throw new IllegalArgumentException(
            name + " must be at least " + least + ", found " + value);
      }
      return value;
    }
  }
}
