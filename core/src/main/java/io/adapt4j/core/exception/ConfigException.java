package io.adapt4j.core.exception;

import org.jspecify.annotations.Nullable;

/**
 * A configuration file that cannot be used. The message names the file, the field, what was
 * expected, what was found, and what to do about it.
 */
public final class ConfigException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message what is wrong, where, and what to do
   */
  public ConfigException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message what is wrong, where, and what to do
   * @param cause the failure underneath
   */
  public ConfigException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
