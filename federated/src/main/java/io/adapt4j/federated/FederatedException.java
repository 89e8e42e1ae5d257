package io.adapt4j.federated;

import io.adapt4j.core.exception.Adapt4jException;

/** Rounds that cannot go on. What whole rounds came to is on disk. */
public final class FederatedException extends Adapt4jException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message what is wrong and what to do
   */
  public FederatedException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what is wrong and what to do
   * @param cause the failure underneath
   */
  public FederatedException(String message, Throwable cause) {
    super(message, cause);
  }
}
