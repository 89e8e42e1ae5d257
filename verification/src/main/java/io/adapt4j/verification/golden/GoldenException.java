package io.adapt4j.verification.golden;

/** A golden folder, or a recomputed quantity, that is not as it should be. */
final class GoldenException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  GoldenException(String message) {
    super(message);
  }

  GoldenException(String message, Throwable cause) {
    super(message, cause);
  }
}
