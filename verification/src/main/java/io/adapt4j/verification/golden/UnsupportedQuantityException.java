package io.adapt4j.verification.golden;

/** Thrown for a quantity this build does not support, with the reason. */
final class UnsupportedQuantityException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  UnsupportedQuantityException(String reason) {
    super(reason);
  }
}
