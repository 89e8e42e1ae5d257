package io.adapt4j.structured.internal.regex;

import java.io.Serial;

/** An expression that is not understood; the message says what and where. */
public final class RegexException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  /**
   * Creates an exception.
   *
   * @param message what is wrong
   */
  public RegexException(String message) {
    super(message);
  }
}
