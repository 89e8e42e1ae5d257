package io.adapt4j.core.exception;

/** Thrown when a model has as many waiting requests as it takes. Later ones may be answered. */
public final class TooManyRequestsException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message how many wait and what to do
   */
  public TooManyRequestsException(String message) {
    super(message);
  }
}
