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
 * Embeddings of a server with OpenAI's API ({@code POST /v1/embeddings}), such as Ollama, vLLM,
 * llama.cpp's server, text-embeddings-inference or OpenAI.
 *
 * <p>Texts are sent in batches. Transient failures (429, 500, 502, 503, 504, a lost connection) are
 * retried with exponential backoff or after the {@code Retry-After} time; an unreachable server
 * fails immediately. Vectors are L2-normalized. Thread-safe.
 */
public final class OpenAiEmbeddings implements TextEmbeddings {

  /** Default number of texts per request. */
  public static final int DEFAULT_BATCH = 64;

  /** Default size limit of an answer: 32 MiB. */
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
   * Creates a builder for an address.
   *
   * @param address address of the server, such as {@code http://localhost:11434}, with or without
   *     {@code /v1} or the whole path
   * @return a new builder
   * @throws IllegalArgumentException if it is not an HTTP address
   */
  public static Builder at(URI address) {
    return new Builder(address);
  }

  /**
   * Returns the model's name, the prompts and the requested dimension, independent of the server's
   * address.
   */
  @Override
  public String identity() {
    return settings.model() + " " + settings.prompts() + " " + settings.dimension();
  }

  /**
   * Returns the dimension of the vectors. If it is not set, the first call queries the server.
   *
   * @throws GeneratorException if the server has to be queried and fails
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
   * @throws GeneratorException if the server rejects the request or is unreachable
   */
  @Override
  public List<float[]> passages(List<String> texts) {
    Texts.requireAll("texts", texts);
    return embed(settings.prompts().passage(), texts);
  }

  /**
   * Embeds a question.
   *
   * @throws GeneratorException if the server rejects the request or is unreachable
   */
  @Override
  public float[] query(String text) {
    Texts.require("text", text);
    return embed(settings.prompts().query(), List.of(text)).get(0);
  }

  /**
   * Embeds questions, in batches.
   *
   * @throws GeneratorException if the server rejects the request or is unreachable
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

  /** Builder of embeddings. */
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
     * Sets the name of the model on the server.
     *
     * @param value such as {@code nomic-embed-text}
     */
    public Builder model(String value) {
      model = Objects.requireNonNull(value, "model");
      return this;
    }

    /**
     * Sets the API key, sent as a bearer token and never shown in messages.
     *
     * @param value the key
     * @throws IllegalArgumentException if it is empty or has invalid characters
     */
    public Builder apiKey(String value) {
      key = Optional.of(Secrets.requireKey("apiKey", value));
      return this;
    }

    /**
     * Sets the prefixes of texts; none by default.
     *
     * @param value the prompts
     */
    public Builder prompts(Prompts value) {
      prompts = Objects.requireNonNull(value, "prompts");
      return this;
    }

    /**
     * Sets the maximum number of texts per request; {@value #DEFAULT_BATCH} by default.
     *
     * @param value at least 1
     */
    public Builder batch(int value) {
      batch = requireAtLeast("batch", 1, value);
      return this;
    }

    /**
     * Sets the dimension of the vectors and requests it from the server, which some models support.
     */
    public Builder dimension(int value) {
      dimension = OptionalInt.of(requireAtLeast("dimension", 1, value));
      return this;
    }

    /**
     * Sets the timeout of a request; one minute by default.
     *
     * @param value above 0
     */
    public Builder timeout(Duration value) {
      if (value.isNegative() || value.isZero()) {
        throw new IllegalArgumentException("timeout must be above 0, found " + value);
      }
      timeout = value;
      return this;
    }

    /**
     * Sets the number of retries after transient failures; 4 by default.
     *
     * @param value at least 0
     */
    public Builder retries(int value) {
      retries = requireAtLeast("retries", 0, value);
      return this;
    }

    /**
     * Sets the size limit of an answer in bytes; reading a longer one fails. 32 MiB by default,
     * about 5 times the size of a batch of 64 vectors of dimension 4096.
     *
     * @param value at least 1, at most 1 GiB
     */
    public Builder maxAnswerBytes(long value) {
      if (value < 1 || value > 1L << 30) {
        throw new IllegalArgumentException(
            "maxAnswerBytes must be 1 to 1073741824, found " + value);
      }
      maxAnswerBytes = value;
      return this;
    }

    /** Replaces the wait between attempts, for tests. */
    Builder sleeper(Sleeper waiting) {
      sleeper = waiting;
      return this;
    }

    /**
     * Builds the embeddings. Nothing is sent before the first text.
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
