package io.adapt4j.core.hub;

import io.adapt4j.core.exception.Adapt4jException;
import org.jspecify.annotations.Nullable;

/**
 * Thrown if a repository can neither be downloaded nor found in the cache. The message names the
 * repository, the file if any, the problem and the remedy.
 */
public final class HubException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the problem, its location and the remedy
   */
  public HubException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param cause the underlying failure
   */
  public HubException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
