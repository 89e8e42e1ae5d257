package io.adapt4j.core.hub;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** The server is busy or broken for now. */
final class RetryLaterException extends IOException {

  private static final long serialVersionUID = 1L;

  private final transient Optional<Duration> retryAfter;

  RetryLaterException(String message, Optional<Duration> retryAfter) {
    super(message);
    this.retryAfter = retryAfter;
  }

  /** How long the server asks to wait, if it says. */
  Optional<Duration> retryAfter() {
    return retryAfter;
  }
}
