package io.adapt4j.core.text;

/**
 * A single request that a generator refuses, for example because it is too long; others may be
 * answered.
 */
public final class RequestRefusedException extends GeneratorException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the problem, its location and the remedy
   */
  public RequestRefusedException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param cause the underlying failure
   */
  public RequestRefusedException(String message, Throwable cause) {
    super(message, cause);
  }
}
