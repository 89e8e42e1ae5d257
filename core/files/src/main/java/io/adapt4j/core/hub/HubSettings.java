package io.adapt4j.core.hub;

import io.adapt4j.core.internal.http.Secrets;
import io.adapt4j.core.internal.http.Sleeper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Checked settings of a hub. The endpoint has no trailing slash. */
record HubSettings(
    String endpoint,
    Optional<Token> token,
    Path cache,
    boolean offline,
    int parallel,
    int retries,
    Duration connectTimeout,
    Duration readTimeout,
    long minBytesPerSecond,
    DownloadListener listener,
    Sleeper sleeper,
    Storage storage) {

  /** Returns a server's text, shortened for a message and without the token sent to it. */
  String shown(String text) {
    String clean = token.map(t -> text.replace(t.value(), Secrets.HIDDEN)).orElse(text);
    return Names.shown(Secrets.hideInAddresses(clean));
  }

  /** Returns the number of bytes that must arrive within the read timeout at the minimum rate. */
  long minProgressBytes() {
    return Math.max(1, (long) (minBytesPerSecond * (readTimeout.toNanos() / 1e9)));
  }
}
