package io.adapt4j.verification.golden;

/** Thrown for an invalid golden folder or a wrong recomputed quantity. */
final class GoldenException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  GoldenException(String message) {
    super(message);
  }

  GoldenException(String message, Throwable cause) {
    super(message, cause);
  }
}
