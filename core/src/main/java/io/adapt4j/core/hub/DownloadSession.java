package io.adapt4j.core.hub;

import io.adapt4j.core.internal.http.Retries;
import io.adapt4j.core.internal.http.StallGuard;

/** What the parts of one download share. */
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
