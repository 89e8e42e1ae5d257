package io.adapt4j.core.hub;

import io.adapt4j.core.internal.http.HttpClients;
import io.adapt4j.core.internal.http.Secrets;
import io.adapt4j.core.internal.http.Sleeper;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Client of a Hugging Face Hub with a local cache. The cache has the layout of the Python client
 * ({@code huggingface_hub}), so that both use each other's downloads.
 *
 * <pre>{@code
 * Hub hub = Hub.builder().listener(DownloadListener.console(System.err)).build();
 * Path folder = hub.download("HuggingFaceTB/SmolLM2-135M-Instruct", "main");
 * }</pre>
 *
 * <p>Downloads resume after interruptions, run in parallel, are verified against the server's
 * hashes, and appear in the cache only when complete. A revision that is a commit of 40 hexadecimal
 * digits and fully cached needs no network; for a branch or tag the server is asked for its commit,
 * and if it cannot be reached the last downloaded snapshot is used. The access token is sent only
 * to the endpoint, never to servers it redirects to.
 *
 * <p>Immutable and thread-safe. Several processes may share a cache; a file that two of them
 * request is downloaded once.
 */
public final class Hub {

  /** Default revision. */
  public static final String DEFAULT_REVISION = "main";

  /** Default minimum download rate: 1 KiB per second. */
  public static final long DEFAULT_MIN_BYTES_PER_SECOND = 1024;

  private final HubSettings settings;
  private final HttpClient http;

  private Hub(HubSettings settings) {
    this.settings = settings;
    this.http = HttpClients.of(settings.connectTimeout());
  }

  /**
   * Returns the hub configured by the environment variables of the Python client, see {@link
   * #builder()}.
   *
   * @return the hub
   * @throws HubException if a variable has a value that cannot be used
   */
  public static Hub fromEnvironment() {
    return builder().build();
  }

  /**
   * Starts from the environment: {@code HF_ENDPOINT} (default {@code https://huggingface.co}),
   * {@code HF_TOKEN} or the token file of a login ({@code HF_TOKEN_PATH}, else {@code
   * $HF_HOME/token}), the cache ({@code HF_HUB_CACHE}, else {@code HUGGINGFACE_HUB_CACHE}, {@code
   * $HF_HOME/hub}, {@code $XDG_CACHE_HOME/huggingface/hub}, {@code ~/.cache/huggingface/hub}), and
   * offline mode ({@code HF_HUB_OFFLINE}, else {@code TRANSFORMERS_OFFLINE}).
   *
   * @return a builder
   * @throws HubException if a variable has a value that cannot be used
   */
  public static Builder builder() {
    return builder(System.getenv());
  }

  /**
   * Starts from given environment variables, otherwise as {@link #builder()}.
   *
   * @param environment names and values
   * @return a builder
   * @throws HubException if a variable has a value that cannot be used
   */
  public static Builder builder(Map<String, String> environment) {
    return new Builder(new HubEnvironment(environment));
  }

  /**
   * Downloads the files needed to load a model from its default branch; see {@link
   * #download(String, String)}.
   *
   * @param repository {@code owner/name}, or {@code name}
   * @return the folder of the snapshot
   * @throws HubException as {@link #download(String, String)} does
   */
  public Path download(String repository) {
    return download(repository, DEFAULT_REVISION);
  }

  /**
   * Downloads the files needed to load a model: configuration, tokenizer, chat templates, card,
   * license, and safetensors weights, or those of an adapter, or the modules of a
   * sentence-transformers model. Cached files are not downloaded again. Blocks until all files are
   * available.
   *
   * @param revision a branch, a tag, a commit or a reference such as {@code refs/pr/1}
   * @return the folder of the snapshot
   * @throws HubException if the repository, revision or a file does not exist or is not accessible,
   *     if it has no safetensors, if neither server nor cache can provide it, or if it cannot be
   *     stored
   */
  public Path download(String repository, String revision) {
    RepositoryId id = RepositoryId.model(repository);
    return fetch(id, revision, new ModelFiles(id));
  }

  /**
   * Downloads named files of a model's repository.
   *
   * @param files their names in the repository
   * @return the folder of the snapshot
   * @throws HubException as {@link #download(String, String)} does
   */
  public Path download(String repository, String revision, List<String> files) {
    RepositoryId id = RepositoryId.model(repository);
    return fetch(id, revision, FileChoice.named(id, files));
  }

  /**
   * Downloads selected files of a model's repository. Offline, a snapshot downloaded by Python is
   * used as it is, since the cache may not know which other files the repository has.
   *
   * @param wanted returns whether to download a file, given its name in the repository
   * @return the folder of the snapshot
   * @throws HubException as {@link #download(String, String)} does, or if no file is wanted
   */
  public Path download(String repository, String revision, Predicate<String> wanted) {
    RepositoryId id = RepositoryId.model(repository);
    return fetch(id, revision, FileChoice.matching(id, wanted));
  }

  /**
   * Downloads selected files of a dataset's repository, otherwise like {@link #download(String,
   * String, Predicate)}.
   *
   * @param revision a branch, a tag, a commit or a reference such as {@code refs/pr/1}
   * @param wanted returns whether to download a file, given its name in the repository
   * @return the folder of the snapshot
   * @throws HubException as {@link #download(String, String)} does, or if no file is wanted
   */
  public Path downloadDataset(String repository, String revision, Predicate<String> wanted) {
    RepositoryId id = RepositoryId.dataset(repository);
    return fetch(id, revision, FileChoice.matching(id, wanted));
  }

  /**
   * Returns the folder of the cache.
   *
   * @return the folder, which may not exist yet
   */
  public Path cache() {
    return settings.cache();
  }

  private Path fetch(RepositoryId repository, String revision, FileChoice choice) {
    return new SnapshotDownload(settings, http, repository, revision, choice).run();
  }

  /**
   * Returns whether offline mode is on.
   *
   * @return whether only the cache is used
   */
  public boolean isOffline() {
    return settings.offline();
  }

  @Override
  public String toString() {
    return settings.endpoint() + (settings.offline() ? " (offline)" : "");
  }

  /** Builder of a hub. Each value may be set repeatedly; the last one counts. */
  public static final class Builder {

    private @Nullable String endpoint;
    private Optional<Token> token;
    private Path cache;
    private boolean offline;
    private int parallel = 4;
    private int retries = 5;
    private Duration connectTimeout = Duration.ofSeconds(10);
    private Duration readTimeout = Duration.ofSeconds(30);
    private long minBytesPerSecond = DEFAULT_MIN_BYTES_PER_SECOND;
    private DownloadListener listener = DownloadListener.none();
    private Sleeper sleeper = Sleeper.REAL;
    private Storage storage = Storage.NATIVE;

    private Builder(HubEnvironment environment) {
      try {
        endpoint(environment.endpoint());
        token = environment.token().map(Token::new);
      } catch (IllegalArgumentException e) {
        throw new HubException("HF_ENDPOINT or HF_TOKEN: " + e.getMessage(), e);
      }
      cache = environment.cache().toAbsolutePath();
      offline = environment.offline();
    }

    /**
     * Sets the server's address.
     *
     * @param address an http or https address, without query
     * @throws IllegalArgumentException if it is not such an address
     */
    public Builder endpoint(String address) {
      String bare = address.strip().replaceAll("/+$", "");
      URI parsed = parsed(bare);
      if (parsed == null
          || !String.valueOf(parsed.getScheme()).matches("(?i)https?")
          || parsed.getHost() == null
          || parsed.getUserInfo() != null
          || parsed.getQuery() != null
          || parsed.getFragment() != null) {
        throw new IllegalArgumentException(
            "the endpoint must be an address such as https://huggingface.co, without user and query,"
                + " found '"
                + Secrets.hideInAddresses(address)
                + "'");
      }
      endpoint = bare;
      return this;
    }

    /** Parses an address; null instead of an exception, whose message would quote it. */
    private static @Nullable URI parsed(String address) {
      try {
        return new URI(address);
      } catch (URISyntaxException e) {
        return null;
      }
    }

    /**
     * Sets the access token for private and gated repositories.
     *
     * @param accessToken the token
     * @throws IllegalArgumentException if it is empty or has spaces
     */
    public Builder token(String accessToken) {
      token = Optional.of(new Token(accessToken));
      return this;
    }

    /** Sends no access token, even if the environment has one. */
    public Builder anonymous() {
      token = Optional.empty();
      return this;
    }

    /**
     * Sets the folder of the cache.
     *
     * @param folder created if absent
     */
    public Builder cache(Path folder) {
      cache = folder.toAbsolutePath();
      return this;
    }

    /**
     * Sets whether to use only the cache and make no requests.
     *
     * @param on true to use only the cache
     */
    public Builder offline(boolean on) {
      offline = on;
      return this;
    }

    /**
     * Sets the number of concurrent downloads; default 4.
     *
     * @param files at least 1
     * @throws IllegalArgumentException if it is below 1
     */
    public Builder parallel(int files) {
      if (files < 1) {
        throw new IllegalArgumentException("parallel must be at least 1, found " + files);
      }
      parallel = files;
      return this;
    }

    /**
     * Sets the number of consecutive retries of a request without progress; default 5. The delays
     * are 1 s, 2 s, 4 s and so on up to 30 s, or as requested by the server.
     *
     * @param times at least 0
     * @throws IllegalArgumentException if negative
     */
    public Builder retries(int times) {
      if (times < 0) {
        throw new IllegalArgumentException("retries must be at least 0, found " + times);
      }
      retries = times;
      return this;
    }

    /**
     * Sets the connection timeout; default 10 s.
     *
     * @param timeout above 0
     * @throws IllegalArgumentException if not above 0
     */
    public Builder connectTimeout(Duration timeout) {
      connectTimeout = positive("connectTimeout", timeout);
      return this;
    }

    /**
     * Sets the timeout for a response, or for more of its body, after which the connection counts
     * as dropped; default 30 s.
     *
     * @throws IllegalArgumentException if not above 0
     */
    public Builder readTimeout(Duration timeout) {
      readTimeout = positive("readTimeout", timeout);
      return this;
    }

    /**
     * Sets the minimum download rate. A connection that is slower over the read timeout counts as
     * dropped: the download continues over a new one, and fails when the retries are used up. Large
     * files may take as long as they need; default {@value #DEFAULT_MIN_BYTES_PER_SECOND}.
     *
     * @param rate bytes per second; 0 accepts any rate
     * @throws IllegalArgumentException if below 0
     */
    public Builder minBytesPerSecond(long rate) {
      if (rate < 0) {
        throw new IllegalArgumentException("minBytesPerSecond must be at least 0, found " + rate);
      }
      minBytesPerSecond = rate;
      return this;
    }

    private static Duration positive(String name, Duration timeout) {
      if (timeout.isNegative() || timeout.isZero()) {
        throw new IllegalArgumentException(name + " must be above 0, found " + timeout);
      }
      return timeout;
    }

    /**
     * Sets the listener of download progress; default none.
     *
     * @param downloadListener the listener
     */
    public Builder listener(DownloadListener downloadListener) {
      listener = Objects.requireNonNull(downloadListener, "listener");
      return this;
    }

    Builder sleeper(Sleeper waiting) {
      sleeper = waiting;
      return this;
    }

    Builder storage(Storage fileSystem) {
      storage = fileSystem;
      return this;
    }

    /**
     * Builds the hub.
     *
     * @return the hub; nothing is read or requested yet
     */
    public Hub build() {
      return new Hub(
          new HubSettings(
              Objects.requireNonNull(endpoint),
              token,
              cache,
              offline,
              parallel,
              retries,
              connectTimeout,
              readTimeout,
              minBytesPerSecond,
              listener,
              sleeper,
              storage));
    }
  }
}
