package io.adapt4j.core.exception;

import org.jspecify.annotations.Nullable;

/**
 * Base class of all exceptions of Adapt4J's modules, so that an application can catch them all.
 *
 * <p>Two kinds are not subclasses: wrong arguments and states are the JDK's {@link
 * IllegalArgumentException} and {@link IllegalStateException}, and failures inside a chat template
 * are a {@code TemplateException}.
 */
public abstract class Adapt4jException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the problem, its location and the remedy
   */
  protected Adapt4jException(@Nullable String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param cause the underlying failure
   */
  protected Adapt4jException(@Nullable String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
