package io.adapt4j.upkeep.cycle;

import io.adapt4j.core.exception.Adapt4jException;
import org.jspecify.annotations.Nullable;

/** Thrown for a cycle that cannot run, or whose files are damaged. */
public class CycleException extends Adapt4jException {

  private static final long serialVersionUID = 1;

  /**
   * Creates an exception.
   *
   * @param message the problem, its location and the remedy
   */
  public CycleException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param cause the underlying failure
   */
  public CycleException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
