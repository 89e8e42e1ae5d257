package io.adapt4j.core.hub;

import io.adapt4j.core.internal.http.Secrets;
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
    long minBytesPerSecond,
    DownloadListener listener,
    Sleeper sleeper,
    Storage storage) {

  /** A text of the server, shortened for a message and without the token that was sent to it. */
  String shown(String text) {
    String clean = token.map(t -> text.replace(t.value(), Secrets.HIDDEN)).orElse(text);
    return Names.shown(Secrets.hideInAddresses(clean));
  }

  /** What must arrive within the read timeout at the lowest rate. */
  long minProgressBytes() {
    return Math.max(1, (long) (minBytesPerSecond * (readTimeout.toNanos() / 1e9)));
  }
}
