package io.adapt4j.core.internal;

/** Thrown instead of loading native code from an untrusted folder or file. */
public final class NativeCacheException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  NativeCacheException(String message) {
    super(message);
  }

  NativeCacheException(String message, Throwable cause) {
    super(message, cause);
  }
}
