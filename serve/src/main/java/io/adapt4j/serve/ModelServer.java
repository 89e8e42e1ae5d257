package io.adapt4j.serve;

import com.sun.net.httpserver.HttpServer;
import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.TextClassifier;
import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.internal.Texts;
import io.adapt4j.core.internal.generate.FileCipher;
import io.adapt4j.serve.feedback.AnswerRecorder;
import io.adapt4j.serve.internal.download.PublicDownload;
import io.adapt4j.serve.internal.gateway.AdapterEndpoint;
import io.adapt4j.serve.internal.gateway.ApiKeys;
import io.adapt4j.serve.internal.gateway.Gateway;
import io.adapt4j.serve.internal.gateway.Guard;
import io.adapt4j.serve.internal.gateway.Origins;
import io.adapt4j.serve.internal.gateway.Page;
import io.adapt4j.serve.internal.http.DaemonThreads;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.mcp.McpStreams;
import io.adapt4j.serve.internal.model.Models;
import io.adapt4j.serve.internal.response.Conversations;
import io.adapt4j.serve.internal.response.StorageLimits;
import io.adapt4j.serve.version.VersionedModel;
import io.adapt4j.serve.vision.PictureModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A server of models in this process with OpenAI's API: {@code /v1/chat/completions}, {@code
 * /v1/completions}, {@code /v1/responses}, {@code /v1/embeddings}, {@code /v1/rerank}, {@code
 * /v1/audio/transcriptions}, {@code /v1/classify}, {@code /v1/models}, and for operations {@code
 * /health} and {@code /metrics}. {@code /v1/rag/ask} answers from documents, and {@code /mcp}
 * offers the models as tools of the Model Context Protocol.
 *
 * <pre>{@code
 * try (LanguageModel model = LanguageModel.load(ModelSource.path(folder));
 *     ModelServer server = ModelServer.builder().model("mine", model).port(8080).start()) {
 *   System.out.println(server.address());
 *   Thread.currentThread().join();
 * }
 * }</pre>
 *
 * <p>Concurrent requests are computed as one batch, and each answer equals that of the model in
 * this process. A disconnected client's answer is cancelled. Unsupported parameters are refused by
 * name, never ignored.
 *
 * <p>Only programs of this machine can reach the server unless {@link Builder#address} says
 * otherwise, which needs a key or {@link Builder#allowAnyone}. Thread-safe. The models belong to
 * the caller, who closes them after the server.
 */
public final class ModelServer implements AutoCloseable {

  /** Grace period for cancelled requests. */
  private static final Duration LAST_GRACE = Duration.ofSeconds(5);

  private static final long POLL_MILLIS = 10;

  private static final int DEFAULT_CONVERSATIONS = 10_000;
  private static final long DEFAULT_CONVERSATION_BYTES = 256L << 20;
  private static final Duration DEFAULT_CONVERSATION_AGE = Duration.ofHours(24);

  static {
    // Read once by the JDK's server when it is first used; values set by the application are
    // respected.
    setUnlessSet("sun.net.httpserver.nodelay", "true");
    setUnlessSet("sun.net.httpserver.maxReqTime", "60");
  }

  private final HttpServer server;
  private final Gateway gateway;
  private final Served served;
  private final ExecutorService threads;
  private final Duration closeGrace;
  private final URI address;
  private boolean closed;

  private ModelServer(Builder builder) {
    this.closeGrace = builder.limits.closeGrace();
    Limits limits = builder.internalLimits();
    Models models = builder.models(limits);
    this.served = builder.served(models, limits, builder.telemetry);
    this.threads = DaemonThreads.upTo(builder.limits.connections(), "adapt4j-serve-");
    this.gateway =
        new Gateway(
            served.endpoints(builder.origins),
            models,
            builder.adapters(models, limits),
            builder.page(),
            new Guard(
                new ApiKeys(builder.keys),
                new Origins(builder.origins),
                builder.address.isLoopbackAddress()),
            served.load(),
            limits,
            new AccessLog(builder.accessLog, builder.telemetry),
            builder.logsContents);
    try {
      server = HttpServer.create(new InetSocketAddress(builder.address, builder.port), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "port %d of %s cannot be used: %s"
              .formatted(builder.port, builder.address.getHostAddress(), e.getMessage()),
          e);
    }
    server.createContext("/", gateway);
    server.setExecutor(threads);
    server.start();
    this.address = address(server.getAddress());
  }

  private static void setUnlessSet(String property, String value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, value);
    }
  }

  private static URI address(InetSocketAddress bound) {
    String host = bound.getAddress().getHostAddress();
    return URI.create(
        "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + bound.getPort());
  }

  /**
   * Creates a builder with no model, a free port of the loopback address, and {@link
   * ServerLimits#defaults}.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** {@return the server's address, such as {@code http://127.0.0.1:8080}} */
  public URI address() {
    return address;
  }

  /** {@return the port of the server} */
  public int port() {
    return address.getPort();
  }

  /**
   * Shuts down: refuses new requests, lets those in progress finish within {@link
   * ServerLimits#closeGrace()}, cancels the rest, and stops listening. Closing twice is harmless.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    gateway.refuse();
    served.refuse();
    if (!isIdleWithin(closeGrace)) {
      served.cancelAll();
      isIdleWithin(LAST_GRACE);
    }
    server.stop(0);
    threads.shutdownNow();
    served.close();
    gateway.close();
  }

  private boolean isIdleWithin(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    while (gateway.running() > 0) {
      if (System.nanoTime() >= end) {
        return false;
      }
      try {
        Thread.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return true;
  }

  /** Builder of a server: models, access and limits. */
  public static final class Builder {

    private final Map<String, LanguageModel> models = new LinkedHashMap<>();
    private final Map<String, VersionedModel> versioned = new LinkedHashMap<>();
    private final Map<String, PictureModel> pictureModels = new LinkedHashMap<>();

    /** Downloader of pictures that have URLs; null without one. Tests set their own. */
    @Nullable PublicDownload pictureUrls;

    private final Map<String, TextEmbedder> embedders = new LinkedHashMap<>();
    private final Map<String, RelevanceScorer> rerankers = new LinkedHashMap<>();
    private final Map<String, TextClassifier> classifiers = new LinkedHashMap<>();
    private final Map<String, QuestionAnswering> answerers = new LinkedHashMap<>();
    private final Map<String, RecordingTranscriber> transcribers = new LinkedHashMap<>();
    private final Set<String> names = new HashSet<>();
    private final List<String> keys = new ArrayList<>();
    private final Set<String> origins = new LinkedHashSet<>();
    private InetAddress address = InetAddress.getLoopbackAddress();
    private int port;
    private boolean allowsAnyone;
    private ServerLimits limits = ServerLimits.defaults();
    private boolean reusesExactly;
    private StorageLimits storage =
        new StorageLimits(
            DEFAULT_CONVERSATIONS,
            DEFAULT_CONVERSATION_BYTES,
            DEFAULT_CONVERSATION_AGE,
            Optional.empty(),
            Optional.empty());
    private Consumer<AccessRecord> accessLog = entry -> {};
    private Consumer<ServedRequest> telemetry = request -> {};
    private boolean logsContents;
    private @Nullable AnswerRecorder recorder;
    private @Nullable Boolean showsPage;
    private @Nullable AdapterAccess adapterAccess;

    /** Folder of adapters that requests with a key may load. */
    private record AdapterAccess(Path folder, String key) {}

    private Builder() {}

    /**
     * Adds a model for conversations and completions. Each loaded adapter can be requested by its
     * name: the model then answers with this adapter only. Under its own name the model answers
     * with its active adapters.
     *
     * @param name the model's name in requests
     * @param model the model, open for as long as the server
     * @throws IllegalArgumentException if the name is blank or taken
     */
    public Builder model(String name, LanguageModel model) {
      requireNew(name);
      models.put(name, Objects.requireNonNull(model, "model"));
      return this;
    }

    /**
     * Adds a model whose version may change while it is served, for conversations and completions.
     *
     * @param name the model's name in requests
     * @param model the versions, usable for as long as the server
     * @throws IllegalArgumentException if the name is blank or taken
     */
    public Builder model(String name, VersionedModel model) {
      requireNew(name);
      versioned.put(name, Objects.requireNonNull(model, "model"));
      return this;
    }

    /**
     * Adds a model that reads pictures, for conversations and completions, otherwise as {@link
     * #model(String, LanguageModel)}. A request may have 16 pictures in a body of 16 MiB, or of
     * {@link ServerLimits#bodyBytes()} if that is more.
     *
     * @param name the model's name in requests
     * @param model such as {@link io.adapt4j.serve.vision.ServedVision}, usable for as long as the
     *     server
     * @throws IllegalArgumentException if the name is blank or taken
     */
    public Builder model(String name, PictureModel model) {
      requireNew(name);
      pictureModels.put(name, Objects.requireNonNull(model, "model"));
      return this;
    }

    /**
     * Lets requests name pictures by {@code http} and {@code https} URLs, which the server then
     * downloads within 20 seconds; by default it downloads nothing. Only addresses of the public
     * internet are asked, also after redirects, none of this machine or of private networks, and no
     * proxy is used.
     */
    public Builder allowPictureUrls() {
      this.pictureUrls = new PublicDownload();
      return this;
    }

    /**
     * Adds an embedding model.
     *
     * @param embedder the model, open for as long as the server
     * @throws IllegalArgumentException if the name is blank or taken
     */
    public Builder embedder(String name, TextEmbedder embedder) {
      requireNew(name);
      embedders.put(name, Objects.requireNonNull(embedder, "embedder"));
      return this;
    }

    /**
     * Adds a reranking model, for {@code /v1/rerank}.
     *
     * @param scorer the model, usable for as long as the server
     * @throws IllegalArgumentException if the name is blank or taken
     */
    public Builder reranker(String name, RelevanceScorer scorer) {
      requireNew(name);
      rerankers.put(name, Objects.requireNonNull(scorer, "scorer"));
      return this;
    }

    /**
     * Adds a classifier of texts, for {@code /v1/classify}. The texts of concurrent requests are
     * classified together.
     *
     * @param name the model's name in requests
     * @param classifier the model, open for as long as the server
     * @throws IllegalArgumentException if the name is blank or taken
     */
    public Builder classifier(String name, TextClassifier classifier) {
      requireNew(name);
      classifiers.put(name, Objects.requireNonNull(classifier, "classifier"));
      return this;
    }

    /**
     * Adds question answering over documents, for {@code /v1/rag/ask}.
     *
     * @param answering such as {@link io.adapt4j.serve.rag.RagAnswers}, usable for as long as the
     *     server
     * @throws IllegalArgumentException if the name is blank or taken
     */
    public Builder questionAnswering(String name, QuestionAnswering answering) {
      requireNew(name);
      answerers.put(name, Objects.requireNonNull(answering, "answering"));
      return this;
    }

    /**
     * Adds a model that transcribes recordings, for {@code /v1/audio/transcriptions} and {@code
     * /v1/audio/translations}. Uploads may have 25 MiB, or {@link ServerLimits#bodyBytes()} if that
     * is more.
     *
     * @param transcriber such as {@link io.adapt4j.serve.speech.ServedTranscriber}, usable for as
     *     long as the server
     * @throws IllegalArgumentException if the name is blank or taken
     */
    public Builder transcriber(String name, RecordingTranscriber transcriber) {
      requireNew(name);
      transcribers.put(name, Objects.requireNonNull(transcriber, "transcriber"));
      return this;
    }

    private void requireNew(String name) {
      if (name.isBlank() || !names.add(name)) {
        throw new IllegalArgumentException(
            "name: expected one that no other model has, found '" + name + "'");
      }
    }

    /**
     * Sets the port.
     *
     * @param number 1 to 65,535, or 0 for a free port
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder port(int number) {
      if (number < 0 || number > 65_535) {
        throw new IllegalArgumentException("port: expected 0 to 65535, found " + number);
      }
      this.port = number;
      return this;
    }

    /**
     * Sets the address to listen on; default the loopback address. The server speaks plain HTTP on
     * other addresses too: put a proxy with TLS in front of it.
     *
     * @param listening an address of this machine; {@code 0.0.0.0} for all
     */
    public Builder address(InetAddress listening) {
      this.address = Objects.requireNonNull(listening, "address");
      return this;
    }

    /**
     * Adds an API key; requests must have one of the keys as {@code Authorization: Bearer KEY}.
     * Without keys, everybody who can reach the server is admitted.
     *
     * @param key the key
     * @throws IllegalArgumentException if it is blank or has white space around it
     */
    public Builder apiKey(String key) {
      keys.add(required("apiKey", key));
      return this;
    }

    private static String required(String name, String key) {
      Texts.require(name, key);
      if (key.isBlank() || !key.equals(key.strip())) {
        throw new IllegalArgumentException(
            name
                + ": expected a text without white space around it, found "
                + (key.isBlank() ? "a blank one" : "some"));
      }
      return key;
    }

    /**
     * Enables adding and removing adapters over HTTP, at {@code /v1/adapters}, for requests with a
     * separate key. Disabled by default.
     *
     * @param folder folder of the adapters that may be added, each in a subfolder of its name
     * @param adminKey the key, which should differ from every {@link #apiKey}
     * @throws IllegalArgumentException if there is no such folder, or the key is blank or has white
     *     space around it
     */
    public Builder adapterFolder(Path folder, String adminKey) {
      String required = required("adminKey", adminKey);
      if (!Files.isDirectory(Texts.require("folder", folder))) {
        throw new IllegalArgumentException("adapterFolder: there is no folder " + folder);
      }
      this.adapterAccess = new AdapterAccess(folder, required);
      return this;
    }

    private Limits internalLimits() {
      return new Limits(
          limits.bodyBytes(), limits.newTokens(), limits.answers(), limits.requestTime());
    }

    private Models models(Limits each) {
      Models all =
          new Models(
              models, versioned, embedders, rerankers, classifiers, answerers, transcribers, each);
      pictureModels.forEach(all::add);
      if (pictureUrls != null) {
        all.allowPictureUrls(pictureUrls);
      }
      return all;
    }

    private Served served(Models all, Limits each, Consumer<ServedRequest> to) {
      List<String> searchable =
          answerers.entrySet().stream()
              .filter(entry -> entry.getValue() instanceof QuestionAnswering.Searchable)
              .map(Map.Entry::getKey)
              .toList();
      Conversations stored = new Conversations(storage, !keys.isEmpty());
      return new Served(
          all, each, Optional.ofNullable(recorder), to, searchable, stored, Set.copyOf(origins));
    }

    private Optional<AdapterEndpoint> adapters(Models served, Limits each) {
      return Optional.ofNullable(adapterAccess)
          .map(access -> new AdapterEndpoint(access.folder(), access.key(), served, each));
    }

    /**
     * Admits everybody who can reach the server, even if it is reachable from other machines
     * without a key.
     */
    public Builder allowAnyone() {
      this.allowsAnyone = true;
      return this;
    }

    /**
     * Allows a site's pages to send requests from a browser (CORS); default none.
     *
     * @param origin such as {@code https://example.org}, or {@code *} for all
     */
    public Builder allowOrigin(String origin) {
      origins.add(Objects.requireNonNull(origin, "origin"));
      return this;
    }

    /**
     * Sets the limits on requests.
     *
     * @param newLimits the limits
     */
    public Builder limits(ServerLimits newLimits) {
      this.limits = Objects.requireNonNull(newLimits, "limits");
      return this;
    }

    /**
     * Sets {@link LanguageModel#reusePromptsExactly} on the language models when the server starts:
     * answers do not depend, even by rounding, on earlier requests. Models of {@link #model(String,
     * VersionedModel)} are left as they are.
     */
    public Builder reusePromptsExactly() {
      this.reusesExactly = true;
      return this;
    }

    /**
     * Limits the responses of {@code /v1/responses} and the conversations that are stored for later
     * requests, each visible to requests with the key that made it. Default: 10,000, 256 MiB and 24
     * hours. The least recently used ones are dropped.
     *
     * @param entries maximum number of both; 0 stores none, and requests that name one are refused
     * @param bytes maximum size of all, in memory and on disk
     * @param age time after its last use after which one is dropped
     * @throws IllegalArgumentException if a number is negative, or the age is not above 0
     */
    public Builder limitConversations(int entries, long bytes, Duration age) {
      if (entries < 0 || bytes < 0) {
        throw new IllegalArgumentException(
            "entries, bytes: expected at least 0, found " + entries + ", " + bytes);
      }
      if (Texts.require("age", age).isNegative() || age.isZero()) {
        throw new IllegalArgumentException("age: expected a time above 0, found " + age);
      }
      this.storage = new StorageLimits(entries, bytes, age, storage.folder(), storage.cipher());
      return this;
    }

    /**
     * Sets a folder that also has responses and conversations in files, so that they outlive the
     * server; default none.
     *
     * @param folder the folder, created if it is missing; one server uses it at a time
     */
    public Builder conversationFolder(Path folder) {
      this.storage = storage.in(Texts.require("folder", folder));
      return this;
    }

    /**
     * Encrypts the files of {@link #conversationFolder}: AES-256 in counter mode, authenticated
     * with HMAC-SHA-256. Plain files, and those of another key, are skipped with a warning.
     *
     * @param key 32 bytes, from a secure random source
     * @throws IllegalArgumentException if the key has another length
     */
    public Builder encryptConversations(byte[] key) {
      this.storage = storage.encrypted(new FileCipher(Texts.require("key", key)));
      return this;
    }

    /**
     * Sets a listener for every finished request, called on its thread.
     *
     * @param listener receives the records, from several threads
     */
    public Builder accessLog(Consumer<AccessRecord> listener) {
      this.accessLog = Objects.requireNonNull(listener, "accessLog");
      return this;
    }

    /**
     * Sets a listener for the telemetry of every finished request, such as {@link
     * io.adapt4j.serve.telemetry.GenAiTelemetry}, called on its thread. A {@link RequestTracing}
     * also begins traces.
     *
     * @param listener receives the requests, from several threads
     */
    public Builder telemetry(Consumer<ServedRequest> listener) {
      this.telemetry = Objects.requireNonNull(listener, "telemetry");
      return this;
    }

    /** Includes prompts and answers in the access log. */
    public Builder logContents() {
      this.logsContents = true;
      return this;
    }

    /**
     * Records answers of texts and chats, and feedback on them, which {@code /v1/feedback} then
     * takes from whoever may ask. Default: nothing is recorded.
     *
     * @param to the recorder
     */
    public Builder recorder(AnswerRecorder to) {
      this.recorder = Objects.requireNonNull(to, "recorder");
      return this;
    }

    /**
     * Sets whether {@code /} is a page to try the models, which anyone who reaches the server may
     * load; its requests need a key like any other. By default it is enabled if only programs of
     * this machine can reach the server.
     *
     * @param shown whether there is a page
     */
    public Builder page(boolean shown) {
      this.showsPage = shown;
      return this;
    }

    private Optional<Page> page() {
      boolean shown = showsPage == null ? address.isLoopbackAddress() : showsPage;
      return shown ? Optional.of(new Page(recorder != null)) : Optional.empty();
    }

    /**
     * Offers the models as tools of the Model Context Protocol on two streams, without listening on
     * a port, until the input ends. Calls that run then have {@link ServerLimits#closeGrace()} to
     * finish. Keys, origins, the access log and telemetry have no effect.
     *
     * @param in messages of the client, each on a line
     * @param out receives messages for the client and nothing else
     * @throws IllegalArgumentException if there is no model
     * @throws IOException if a stream fails
     */
    public void serveTools(InputStream in, OutputStream out) throws IOException {
      Objects.requireNonNull(in, "in");
      Objects.requireNonNull(out, "out");
      requireModel();
      Limits each = internalLimits();
      try (Served served = served(models(each), each, request -> {})) {
        new McpStreams(served.messages(), each.bodyBytes(), limits.connections(), out)
            .run(in, limits.closeGrace());
      }
    }

    private void requireModel() {
      if (names.isEmpty()) {
        throw new IllegalArgumentException("model: expected at least one model or embedder");
      }
    }

    /**
     * Starts the server.
     *
     * @return the server, closed by the caller
     * @throws IllegalArgumentException if there is no model, or everybody from other machines would
     *     be admitted without {@link #allowAnyone}
     * @throws UncheckedIOException if the port cannot be used
     */
    public ModelServer start() {
      requireModel();
      if (!address.isLoopbackAddress() && keys.isEmpty() && !allowsAnyone) {
        throw new IllegalArgumentException(
            "address: %s can be reached by other machines, and there is no apiKey. Set one, or say allowAnyone."
                .formatted(address.getHostAddress()));
      }
      if (reusesExactly) {
        models.values().forEach(model -> model.reusePromptsExactly(true));
        pictureModels.values().forEach(model -> model.languageModel().reusePromptsExactly(true));
      }
      return new ModelServer(this);
    }
  }
}
