package io.adapt4j.core.train;

import io.adapt4j.core.exception.Adapt4jException;

/** Thrown when a run cannot continue; everything it saved stays in its folder. */
public class TrainingException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the failure, the location of the last good checkpoint, and the remedy
   */
  public TrainingException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param cause the underlying failure
   */
  public TrainingException(String message, Throwable cause) {
    super(message, cause);
  }
}
