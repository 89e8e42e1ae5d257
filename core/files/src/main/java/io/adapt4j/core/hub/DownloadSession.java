package io.adapt4j.core.hub;

import io.adapt4j.core.internal.http.Retries;
import io.adapt4j.core.internal.http.StallGuard;

/** Shared state of the parts of a download. */
record DownloadSession(
    RepositoryId repository,
    HubClient client,
    RepositoryCache cache,
    Retries retries,
    StallGuard guard,
    long minProgressBytes,
    DownloadListener events) {

  boolean isCancelled() {
    return guard.isClosed();
  }
}
