package io.adapt4j.core.hub;

import io.adapt4j.core.internal.http.Sleeper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** A checked description of a hub. The endpoint has no slash at its end. */
record HubSettings(
    String endpoint,
    Optional<Token> token,
    Path cache,
    boolean offline,
    int parallel,
    int retries,
    Duration connectTimeout,
    Duration readTimeout,
    DownloadListener listener,
    Sleeper sleeper,
    Storage storage) {}
