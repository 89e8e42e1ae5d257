package io.adapt4j.core.exception;

/** Thrown when libtorch cannot be started or an operator fails. */
public final class EngineException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the failure and the remedy
   */
  public EngineException(String message) {
    super(message);
  }

  /**
   * Creates an exception with its cause.
   *
   * @param cause the engine's own exception
   */
  public EngineException(String message, Throwable cause) {
    super(message, cause);
  }
}
