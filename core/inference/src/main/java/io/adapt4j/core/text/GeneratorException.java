package io.adapt4j.core.text;

import io.adapt4j.core.exception.Adapt4jException;
import org.jspecify.annotations.Nullable;

/**
 * A generator of text or embeddings that cannot answer: unreachable, not allowed, or broken. The
 * message states the problem and the remedy. Other requests would fail too; see {@link
 * RequestRefusedException} for problems of a single request.
 */
public sealed class GeneratorException extends Adapt4jException permits RequestRefusedException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the problem, its location and the remedy
   */
  public GeneratorException(@Nullable String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param cause the underlying failure
   */
  public GeneratorException(@Nullable String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
