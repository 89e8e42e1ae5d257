package io.adapt4j.upkeep.registry;

import io.adapt4j.core.exception.Adapt4jException;
import org.jspecify.annotations.Nullable;

/** Thrown when a registry refuses a request or its files cannot be used. */
public final class RegistryException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the problem, its location and the remedy
   */
  public RegistryException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param cause the underlying failure
   */
  public RegistryException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
