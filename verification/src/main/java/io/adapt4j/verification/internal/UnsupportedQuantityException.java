package io.adapt4j.verification.internal;

/** Thrown for a quantity this build does not support, with the reason. */
public final class UnsupportedQuantityException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public UnsupportedQuantityException(String reason) {
    super(reason);
  }
}
