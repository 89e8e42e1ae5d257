package io.adapt4j.core.hub;

import io.adapt4j.core.hub.HubClient.RemoteFile;
import io.adapt4j.core.internal.http.Retries;
import io.adapt4j.core.internal.http.StallGuard;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.http.HttpClient;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Downloads the selected files of a revision into the cache, unless they are there. */
final class SnapshotDownload {

  private static final Logger LOG = LoggerFactory.getLogger(SnapshotDownload.class);

  private static final long STOP_SECONDS = 10;

  private final HubSettings settings;
  private final HttpClient http;
  private final RepositoryId repository;
  private final String revision;
  private final FileChoice choice;
  private final RepositoryCache cache;
  private final DownloadListener events;
  private final Retries retries;

  SnapshotDownload(
      HubSettings settings,
      HttpClient http,
      RepositoryId repository,
      String revision,
      FileChoice choice) {
    this.settings = settings;
    this.http = http;
    this.repository = repository;
    this.revision = Names.requireRevision(revision);
    this.choice = choice;
    this.cache = new RepositoryCache(repository, settings);
    this.events = new SerialListener(settings.listener());
    this.retries = new Retries(settings.retries(), settings.sleeper(), this::retried);
  }

  /** Returns the snapshot's folder. */
  Path run() {
    try {
      Optional<Path> cached = cachedCommit();
      if (cached.isPresent()) {
        return cached.get();
      }
      return settings.offline() ? offline() : online();
    } catch (InterruptedIOException | ClosedByInterruptException e) {
      throw new HubException(this + ": the download was interrupted; what has arrived is kept", e);
    } catch (FileSystemException e) {
      throw new HubException(
          this
              + ": the cache cannot be used: "
              + e
              + ". Check its permissions, free some space, or set HF_HUB_CACHE to another folder",
          e);
    } catch (IOException e) {
      throw new HubException(
          this + ": " + Retries.reason(e) + ". " + networkRemedy() + "; what has arrived is kept",
          e);
    }
  }

  /**
   * Returns the snapshot of a commit if it is complete; a commit never changes, so no request is
   * needed.
   */
  private Optional<Path> cachedCommit() throws IOException {
    if (!Names.isCommit(revision)) {
      return Optional.empty();
    }
    Path snapshot = cache.snapshot(revision);
    if (!Files.isDirectory(snapshot)) {
      return Optional.empty();
    }
    Optional<Listing> listing = cache.listing(revision);
    boolean complete =
        listing.isPresent()
            ? choice.missing(listing.get().names(), snapshot).isEmpty()
            : choice.surelyComplete(snapshot);
    return complete ? Optional.of(snapshot) : Optional.empty();
  }

  private Path offline() throws IOException {
    List<String> missing = new ArrayList<>();
    Optional<Path> snapshot = cachedSnapshot(missing);
    return snapshot.orElseThrow(
        () ->
            new HubException(
                ("%s: offline mode is on and %s. Download it once with HF_HUB_OFFLINE and"
                        + " TRANSFORMERS_OFFLINE unset, or copy another machine's cache")
                    .formatted(this, notCached(missing))));
  }

  private Path online() throws IOException {
    HubClient client = new HubClient(http, settings, repository);
    Listing listing;
    try {
      listing = retries.callIfReachable(toString(), () -> client.listing(revision));
    } catch (IOException e) {
      return withoutServer(e);
    }
    try (StallGuard guard = guard(settings)) {
      DownloadSession session =
          new DownloadSession(
              repository, client, cache, retries, guard, settings.minProgressBytes(), events);
      fetch(session, listing);
    }
    return cache.snapshot(listing.commit());
  }

  static StallGuard guard(HubSettings settings) {
    return new StallGuard(settings.readTimeout(), settings.minBytesPerSecond());
  }

  private void fetch(DownloadSession session, Listing listing) throws IOException {
    String commit = listing.commit();
    List<String> first = choice.first(listing.names());
    requireListed(first, listing);
    fetchAll(session, commit, first);
    List<String> then = choice.then(listing.names(), cache.snapshot(commit));
    if (cache.ignoresCase()) {
      Names.requireDistinct(repository, Stream.concat(first.stream(), then.stream()).toList());
    }
    fetchAll(session, commit, then);
    try {
      cache.rememberListing(listing);
      // Last, so that the revision never refers to an incomplete snapshot.
      cache.rememberCommit(revision, commit);
    } catch (IOException e) {
      // A shared cache may be read-only; all files are there.
      LOG.warn("{}: its commit cannot be noted in the cache: {}", this, e.toString());
    }
  }

  private void requireListed(List<String> files, Listing listing) throws IOException {
    List<String> absent = files.stream().filter(f -> !listing.names().contains(f)).toList();
    for (String file : absent) {
      cache.rememberAbsence(listing.commit(), file);
    }
    if (!absent.isEmpty()) {
      throw new HubException(
          "%s has no file %s. See its files at %s/%s/tree/%s"
              .formatted(
                  this,
                  Names.shown(String.join(", ", absent)),
                  settings.endpoint(),
                  repository.page(),
                  revision));
    }
  }

  /** Falls back to the snapshot that the revision had when last downloaded. */
  private Path withoutServer(IOException failure) throws IOException {
    String cause = "cannot ask " + settings.endpoint() + " (" + Retries.reason(failure) + ")";
    List<String> missing = new ArrayList<>();
    Optional<Path> snapshot = cachedSnapshot(missing);
    if (snapshot.isEmpty()) {
      throw new HubException(
          this + ": " + cause + ", and " + notCached(missing) + ". " + networkRemedy(), failure);
    }
    String notice =
        this + ": " + cause + "; using the cached snapshot " + snapshot.get().getFileName();
    LOG.warn("{}", notice);
    events.notice(notice);
    return snapshot.get();
  }

  private Optional<Path> cachedSnapshot(List<String> missing) throws IOException {
    Optional<String> commit = cache.commitOf(revision);
    if (commit.isEmpty() || !Files.isDirectory(cache.snapshot(commit.get()))) {
      return Optional.empty();
    }
    Path snapshot = cache.snapshot(commit.get());
    Optional<Listing> listing = cache.listing(commit.get());
    missing.addAll(
        listing.isPresent()
            ? choice.missing(listing.get().names(), snapshot)
            : choice.missing(snapshot));
    return missing.isEmpty() ? Optional.of(snapshot) : Optional.empty();
  }

  private String notCached(List<String> missing) {
    return missing.isEmpty()
        ? "the cache " + settings.cache() + " has no snapshot of this revision"
        : "the cache %s lacks of this revision: %s"
            .formatted(settings.cache(), Names.shown(String.join(", ", missing)));
  }

  private static String networkRemedy() {
    return "Check the network, HF_ENDPOINT, and the proxy (Java takes it from -Dhttps.proxyHost and"
        + " -Dhttps.proxyPort)";
  }

  /** Downloads files in parallel; the first failure stops the others. */
  private void fetchAll(DownloadSession session, String commit, List<String> files)
      throws IOException {
    List<String> absent = files.stream().filter(file -> !cache.hasFile(commit, file)).toList();
    if (absent.isEmpty()) {
      return;
    }
    ExecutorService pool =
        Executors.newFixedThreadPool(
            Math.min(settings.parallel(), absent.size()), SnapshotDownload::thread);
    try {
      CompletionService<Void> running = new ExecutorCompletionService<>(pool);
      for (String file : absent) {
        running.submit(
            () -> {
              fetchOne(session, commit, file);
              return null;
            });
      }
      for (int i = 0; i < absent.size(); i++) {
        running.take().get();
      }
      pool.shutdown();
    } catch (InterruptedException e) {
      stop(pool, session);
      Thread.currentThread().interrupt();
      throw Retries.interrupted("the download", e);
    } catch (ExecutionException e) {
      stop(pool, session);
      throw rethrown(e.getCause());
    }
  }

  /** Stops the downloads and waits, so that no thread writes to the cache afterwards. */
  private static void stop(ExecutorService pool, DownloadSession session) {
    session.guard().close();
    pool.shutdownNow();
    try {
      if (!pool.awaitTermination(STOP_SECONDS, TimeUnit.SECONDS)) {
        LOG.warn("a download still runs {} s after it was cancelled", STOP_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "hub-download");
    thread.setDaemon(true);
    return thread;
  }

  private static IOException rethrown(@Nullable Throwable cause) {
    if (cause instanceof RuntimeException e) {
      throw e;
    }
    if (cause instanceof Error e) {
      throw e;
    }
    return cause instanceof IOException e ? e : new IOException(cause);
  }

  private void fetchOne(DownloadSession session, String commit, String file) throws IOException {
    RemoteFile remote = session.retries().call(file, () -> session.client().metadata(commit, file));
    try (CacheLock lock = cache.lock(remote.etag())) {
      // Another process may have created it first.
      if (!cache.hasBlob(remote.etag(), remote.size())) {
        LOG.info("downloading {} of {}", file, this);
        new BlobDownload(session, commit, file, remote).run();
      }
      if (!cache.hasFile(commit, file)) {
        cache.link(commit, file, remote.etag());
      }
    }
  }

  private void retried(String message) {
    LOG.info("{}", message);
    events.notice(message);
  }

  @Override
  public String toString() {
    return repository + "@" + revision;
  }
}
