package io.adapt4j.core.train;

import io.adapt4j.core.exception.Adapt4jException;

/** Thrown when a run cannot continue; everything it saved stays in its folder. */
public class TrainingException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message what happened, where the last good checkpoint is, and what to change
   */
  public TrainingException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what happened, where the last good checkpoint is, and what to change
   * @param cause the failure underneath
   */
  public TrainingException(String message, Throwable cause) {
    super(message, cause);
  }
}
