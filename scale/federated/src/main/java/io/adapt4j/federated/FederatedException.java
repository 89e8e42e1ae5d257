package io.adapt4j.federated;

import io.adapt4j.core.exception.Adapt4jException;

/** Thrown when a federated run cannot continue. Results of completed rounds are on disk. */
public final class FederatedException extends Adapt4jException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the problem and its remedy
   */
  public FederatedException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param cause the failure underneath
   */
  public FederatedException(String message, Throwable cause) {
    super(message, cause);
  }
}
