package io.adapt4j.core.hub;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Settings of a hub that nobody asks. */
record TestSettings(
    Path cache, Optional<Token> token, Duration readTimeout, long rate, Storage storage) {

  static TestSettings of(Path cache) {
    return new TestSettings(cache, Optional.empty(), Duration.ofSeconds(1), 1, Storage.NATIVE);
  }

  TestSettings token(Optional<Token> value) {
    return new TestSettings(cache, value, readTimeout, rate, storage);
  }

  TestSettings least(Duration timeout, long bytesPerSecond) {
    return new TestSettings(cache, token, timeout, bytesPerSecond, storage);
  }

  TestSettings on(Storage value) {
    return new TestSettings(cache, token, readTimeout, rate, value);
  }

  HubSettings build() {
    return new HubSettings(
        "http://hub",
        token,
        cache,
        false,
        1,
        0,
        Duration.ofSeconds(1),
        readTimeout,
        rate,
        DownloadListener.none(),
        duration -> {},
        storage);
  }
}
