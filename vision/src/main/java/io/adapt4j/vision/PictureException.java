package io.adapt4j.vision;

import io.adapt4j.core.exception.Adapt4jException;
import org.jspecify.annotations.Nullable;

/**
 * A picture that cannot be used: missing, damaged, of a kind that is not read, or larger than
 * {@link PictureLimits} allow. The message names the file, the cause and the remedy.
 */
public final class PictureException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the problem, its location and the remedy
   */
  public PictureException(String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param message the problem, its location and the remedy
   * @param cause the underlying failure
   */
  public PictureException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
