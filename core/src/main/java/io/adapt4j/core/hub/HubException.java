package io.adapt4j.core.hub;

import io.adapt4j.core.exception.Adapt4jException;
import org.jspecify.annotations.Nullable;

/**
 * A repository that cannot be downloaded or found in the cache. The message names the repository,
 * the file where there is one, what went wrong and what to do about it.
 */
public final class HubException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message what is wrong, where, and what to do
   */
  public HubException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what is wrong, where, and what to do
   * @param cause the failure underneath
   */
  public HubException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
