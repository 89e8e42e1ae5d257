package io.adapt4j.core.internal;

/** Native code would have been loaded from a place or a file that is not to be trusted. */
public final class NativeCacheException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the file, what is wrong with it, and the remedy
   */
  NativeCacheException(String message) {
    super(message);
  }

  /**
   * Creates an exception.
   *
   * @param message the file, what is wrong with it, and the remedy
   * @param cause why
   */
  NativeCacheException(String message, Throwable cause) {
    super(message, cause);
  }
}
