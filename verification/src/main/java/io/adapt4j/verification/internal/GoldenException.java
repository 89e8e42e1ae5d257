package io.adapt4j.verification.internal;

/** Thrown for an invalid golden folder or a wrong recomputed quantity. */
public final class GoldenException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public GoldenException(String message) {
    super(message);
  }

  public GoldenException(String message, Throwable cause) {
    super(message, cause);
  }
}
