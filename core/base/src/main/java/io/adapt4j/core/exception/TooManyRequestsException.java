package io.adapt4j.core.exception;

/** Thrown when a model's queue of waiting requests is full. Later requests may succeed. */
public final class TooManyRequestsException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the number of waiting requests and the remedy
   */
  public TooManyRequestsException(String message) {
    super(message);
  }
}
