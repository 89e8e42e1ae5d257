package io.adapt4j.core.internal.optim;

/** Thrown when a custom optimizer computes a value that is not finite. */
public final class NonFiniteUpdateException extends ArithmeticException {

  private static final long serialVersionUID = 1L;

  NonFiniteUpdateException(String message) {
    super(message);
  }
}
