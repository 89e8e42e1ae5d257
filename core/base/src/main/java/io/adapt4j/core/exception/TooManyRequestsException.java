package io.adapt4j.core.exception;

import java.time.Duration;

/**
 * Thrown when a model's queue of waiting requests is full, or when a request cannot start in its
 * time. Later requests may succeed.
 */
public final class TooManyRequestsException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  private final Duration retryAfter;

  /**
   * Creates an exception.
   *
   * @param message the number of waiting requests and the remedy
   */
  public TooManyRequestsException(String message) {
    this(message, Duration.ofSeconds(1));
  }

  /**
   * Creates an exception with a time to come back.
   *
   * @param message the number of waiting requests and the remedy
   * @param retryAfter time after which the request may succeed
   */
  public TooManyRequestsException(String message, Duration retryAfter) {
    super(message);
    this.retryAfter = retryAfter;
  }

  /** {@return the time after which the request may succeed, by the measured rate} */
  public Duration retryAfter() {
    return retryAfter;
  }
}
