package io.adapt4j.core.text;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.PlainJson;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.http.Secrets;
import io.adapt4j.core.internal.http.Sleeper;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A client of servers with OpenAI's chat completions API: OpenAI itself, Ollama, vLLM, the server
 * of llama.cpp and others.
 *
 * <pre>{@code
 * TextGenerator generator =
 *     OpenAiCompatible.at(URI.create("http://localhost:11434/v1")).model("qwen2.5:7b").build();
 * }</pre>
 *
 * <p>Of {@link GenerationOptions}, the limit, temperature, seed, top-p and stop strings are sent as
 * OpenAI names them; {@code top_k}, {@code min_p}, {@code repetition_penalty} and {@code
 * ignore_eos} only if they differ from their defaults, since not every server knows them. Stop
 * token ids cannot be sent and are refused.
 *
 * <p>Requests that may succeed later (no answer in time, a broken connection, the status 408, 429,
 * 500, 502, 503 or 504) are retried after 1 s, 2 s, 4 s and so on up to 30 s, or as the server's
 * {@code Retry-After} says. The key appears in no message and no log.
 *
 * <p>Answers are bounded, whatever the server sends: in bytes, in time, and when streaming also in
 * events and characters per requested token.
 *
 * <p>Safe for use by several threads, which share the limits on requests.
 */
public final class OpenAiCompatible implements TextGenerator {

  /** Default maximum wait for an answer. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofMinutes(2);

  /** Default number of retries. */
  public static final int DEFAULT_RETRIES = 5;

  /** Default number of concurrent requests. */
  public static final int DEFAULT_PARALLEL = 4;

  /** Default maximum size of an answer in bytes: 8 MiB. */
  public static final long DEFAULT_MAX_ANSWER_BYTES = 8L << 20;

  private final ChatSettings settings;
  private final ChatClient client;

  private OpenAiCompatible(ChatSettings settings) {
    this.settings = settings;
    this.client = new ChatClient(settings);
  }

  /**
   * Creates a builder from a server's address, with its path up to the version ({@code
   * http://localhost:8000/v1}), or of the endpoint itself ({@code .../chat/completions}). An
   * address without a path gets {@code /v1}.
   *
   * @param address an http or https address; a query is kept
   * @return the options, completed by {@link Builder#build()}
   * @throws IllegalArgumentException if it is not such an address, or contains a user or password
   */
  public static Builder at(URI address) {
    return new Builder(endpoint(address));
  }

  @Override
  public GeneratedText generate(List<ChatMessage> messages, GenerationOptions options) {
    Texts.requireAll("messages", messages);
    Texts.require("options", options);
    return client.complete(messages, options);
  }

  @Override
  public GeneratedText stream(
      List<ChatMessage> messages, GenerationOptions options, Consumer<String> onText) {
    Texts.requireAll("messages", messages);
    Texts.require("options", options);
    Texts.require("onText", onText);
    return client.stream(messages, options, onText);
  }

  /**
   * Answers several conversations, some at a time. A refused request does not prevent others from
   * being answered; the refusal is thrown at the end. Any other failure stops the rest.
   */
  @Override
  public List<GeneratedText> generateAll(
      List<List<ChatMessage>> conversations, GenerationOptions options, Arrivals arrivals) {
    Texts.requireAll("conversations", conversations);
    Texts.require("options", options);
    return new Parallel(settings.parallel())
        .run(conversations, list -> client.complete(list, options), arrivals);
  }

  /** Returns the address without its query, the model, and additional fields of requests. */
  @Override
  public Optional<String> identity() {
    URI address = settings.endpoint();
    String place = address.getScheme() + "://" + address.getAuthority() + address.getPath();
    String fields = Json.compact(PlainJson.object(new TreeMap<>(settings.body())));
    return Optional.of("openai " + place + " " + settings.model() + " " + fields);
  }

  /** Returns the address and the model. */
  @Override
  public String toString() {
    return "OpenAiCompatible[" + settings.shown() + ", " + settings.model() + "]";
  }

  private static URI endpoint(URI address) {
    String scheme = String.valueOf(address.getScheme()).toLowerCase(Locale.ROOT);
    if (!scheme.matches("https?") || address.getHost() == null || address.getUserInfo() != null) {
      throw new IllegalArgumentException(
          "address must be that of a server without user and password, such as"
              + " http://localhost:11434/v1, found a "
              + (address.getUserInfo() != null
                  ? "user in it"
                  : "'" + Secrets.hideInAddresses(address.toString()) + "'"));
    }
    String path = address.getRawPath().replaceAll("/+$", "");
    if (path.isEmpty()) {
      path = "/v1";
    }
    if (!path.endsWith("/chat/completions")) {
      path += "/chat/completions";
    }
    String query = address.getRawQuery() == null ? "" : "?" + address.getRawQuery();
    return URI.create(scheme + "://" + address.getRawAuthority() + path + query);
  }

  /** Builder of a client; every setter checks its value at once. */
  public static final class Builder {

    private final URI endpoint;
    private @Nullable String model;
    private Optional<String> key = Optional.empty();
    private Duration timeout = DEFAULT_TIMEOUT;
    private Optional<Duration> streamTimeout = Optional.empty();
    private long maxAnswerBytes = DEFAULT_MAX_ANSWER_BYTES;
    private Duration connectTimeout = Duration.ofSeconds(10);
    private int retries = DEFAULT_RETRIES;
    private int parallel = DEFAULT_PARALLEL;
    private int perMinute;
    private String limitName = "max_tokens";
    private final Map<String, String> headers = new TreeMap<>();
    private final Map<String, Object> body = new TreeMap<>();
    private Sleeper sleeper = Sleeper.REAL;

    private Builder(URI endpoint) {
      this.endpoint = endpoint;
    }

    /**
     * Sets the model. There is no default.
     *
     * @param name the model's name on the server
     * @throws IllegalArgumentException if it is blank
     */
    public Builder model(String name) {
      require(!name.isBlank(), "model", "a name", "a blank one");
      this.model = name;
      return this;
    }

    /**
     * Sets the key that is sent as {@code Authorization: Bearer}. Default: none, as local servers
     * need none. Read it from the environment or a vault rather than writing it into a program.
     *
     * @param secret the key
     * @throws IllegalArgumentException if it is empty, or has characters that no key has
     */
    public Builder apiKey(String secret) {
      this.key = Optional.of(Secrets.requireKey("apiKey", secret));
      return this;
    }

    /**
     * Sets the key to the value of an environment variable, such as {@code OPENAI_API_KEY}.
     *
     * @param variable the variable's name
     * @throws IllegalArgumentException if it is not set
     */
    public Builder apiKeyFrom(String variable) {
      String value = System.getenv(variable);
      if (value == null || value.isBlank()) {
        throw new IllegalArgumentException(
            "the environment variable "
                + variable
                + " must hold the API key, but is not set; set it, or call apiKey");
      }
      return apiKey(value.strip());
    }

    /**
     * Sets the maximum wait for an answer, or for the next piece when streaming, where comments
     * that keep the connection alive do not count. Default: 2 minutes.
     *
     * @param longest maximum wait, above 0
     * @throws IllegalArgumentException if it is not above 0
     */
    public Builder timeout(Duration longest) {
      requirePositive("timeout", longest);
      this.timeout = longest;
      return this;
    }

    /**
     * Sets the maximum duration of a whole streamed answer. Default: 15 times the {@link #timeout}.
     *
     * @param longest maximum duration, above 0
     * @throws IllegalArgumentException if it is not above 0
     */
    public Builder streamTimeout(Duration longest) {
      requirePositive("streamTimeout", longest);
      this.streamTimeout = Optional.of(longest);
      return this;
    }

    /**
     * Sets the maximum size of an answer in bytes, including everything around its text. A longer
     * one is an error and is not read further. Default: 8 MiB.
     *
     * @param most at least 1 and at most 1 GiB
     * @throws IllegalArgumentException if it is out of that range
     */
    public Builder maxAnswerBytes(long most) {
      require(most >= 1 && most <= 1L << 30, "maxAnswerBytes", "1 to 1073741824", most);
      this.maxAnswerBytes = most;
      return this;
    }

    /**
     * Sets the maximum wait for a connection. Default: 10 s.
     *
     * @throws IllegalArgumentException if it is not above 0
     */
    public Builder connectTimeout(Duration longest) {
      requirePositive("connectTimeout", longest);
      this.connectTimeout = longest;
      return this;
    }

    /**
     * Sets the maximum number of retries. Default: 5.
     *
     * @param most at least 0
     * @throws IllegalArgumentException if it is below 0
     */
    public Builder retries(int most) {
      require(most >= 0, "retries", "at least 0", most);
      this.retries = most;
      return this;
    }

    /**
     * Sets the maximum number of concurrent requests. Default: 4.
     *
     * @param most at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder parallel(int most) {
      require(most >= 1, "parallel", "at least 1", most);
      this.parallel = most;
      return this;
    }

    /**
     * Sets the maximum number of requests per minute; they are evenly spaced. Default: no limit.
     *
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder requestsPerMinute(int most) {
      require(most >= 1, "requestsPerMinute", "at least 1", most);
      this.perMinute = most;
      return this;
    }

    /**
     * Sets the name of the field that limits new tokens. Default: {@code max_tokens}; some newer
     * models require {@code max_completion_tokens}.
     *
     * @param name the field's name
     * @throws IllegalArgumentException if it is blank
     */
    public Builder limitName(String name) {
      require(!name.isBlank(), "limitName", "a name", "a blank one");
      this.limitName = name;
      return this;
    }

    /**
     * Adds a header to every request. Its value is treated as a secret.
     *
     * @param name the header's name
     * @param value its value
     * @throws IllegalArgumentException if Java's HTTP client does not allow the header
     */
    public Builder header(String name, String value) {
      Objects.requireNonNull(value, "value");
      try {
        HttpRequest.newBuilder(endpoint).header(name, value);
      } catch (IllegalArgumentException e) {
        // Without the cause, whose message contains the value.
        throw new IllegalArgumentException(
            "header " + name + " must have a name and a value that Java's HTTP client sends");
      }
      headers.put(name, value);
      return this;
    }

    /**
     * Sets a field of every request's body, overriding the generated one.
     *
     * @param field the field's name
     * @param value a text, number, boolean, list or map; null leaves the field out
     * @throws IllegalArgumentException if the value is of another type
     */
    public Builder body(String field, Object value) {
      require(PlainJson.tree(value) != null, field, "a value of JSON", value);
      body.put(field, value);
      return this;
    }

    /** Replaces waiting between attempts, for tests. */
    Builder sleeper(Sleeper waiting) {
      this.sleeper = waiting;
      return this;
    }

    /**
     * Builds the generator. Nothing is sent before the first request.
     *
     * @return the generator
     * @throws IllegalStateException if no model was named
     */
    public OpenAiCompatible build() {
      if (model == null) {
        throw new IllegalStateException(
            "model must be named; GET " + ChatSettings.models(endpoint) + " lists a server's");
      }
      return new OpenAiCompatible(
          new ChatSettings(
              endpoint,
              model,
              key,
              timeout,
              streamTimeout,
              connectTimeout,
              maxAnswerBytes,
              retries,
              parallel,
              perMinute,
              limitName,
              Map.copyOf(headers),
              new TreeMap<>(body),
              sleeper));
    }

    private static void requirePositive(String name, Duration value) {
      require(!value.isNegative() && !value.isZero(), name, "above 0", value);
    }

    private static void require(boolean valid, String name, String allowed, Object value) {
      if (!valid) {
        throw new IllegalArgumentException(name + " must be " + allowed + ", found " + value);
      }
    }
  }
}
