package io.adapt4j.structured.internal.limit;

import java.io.Serial;

/** A constraint beyond the limits. */
public final class TooLargeException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  /** Creates an exception. */
  public TooLargeException(String message) {
    super(message);
  }
}
