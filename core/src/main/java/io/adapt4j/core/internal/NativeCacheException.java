package io.adapt4j.core.internal;

/** Native code would have been loaded from a place or a file that is not to be trusted. */
public final class NativeCacheException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Creates an exception. */
  NativeCacheException(String message) {
    super(message);
  }

  /** Creates an exception. */
  NativeCacheException(String message, Throwable cause) {
    super(message, cause);
  }
}
