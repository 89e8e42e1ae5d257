package io.adapt4j.core.hub;

/** What the parts of one download share. */
record DownloadSession(
    RepositoryId repository,
    HubClient client,
    RepositoryCache cache,
    Retries retries,
    StallGuard guard,
    DownloadListener events) {

  boolean isCancelled() {
    return guard.isClosed();
  }
}
