package io.adapt4j.verification.golden;

/** A quantity this build does not offer, with the reason. */
final class UnsupportedQuantityException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  UnsupportedQuantityException(String reason) {
    super(reason);
  }
}
