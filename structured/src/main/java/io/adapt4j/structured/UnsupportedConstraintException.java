package io.adapt4j.structured;

import io.adapt4j.core.exception.Adapt4jException;
import java.io.Serial;

/**
 * A schema, expression or grammar that cannot be used: it is invalid, has a part that is not
 * supported, exceeds a limit, or matches no text. The message names the keyword, its location and
 * the remedy.
 */
public final class UnsupportedConstraintException extends Adapt4jException {

  @Serial private static final long serialVersionUID = 1;

  /**
   * Creates an exception.
   *
   * @param message the problem, its location and the remedy
   * @param cause the exception that reported it
   */
  public UnsupportedConstraintException(String message, Throwable cause) {
    super(message, cause);
  }
}
