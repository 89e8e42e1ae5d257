package io.adapt4j.core.exception;

import org.jspecify.annotations.Nullable;

/**
 * What every exception of Adapt4J's modules extends, so that an application can catch them all.
 *
 * <p>Two kinds stand beside it: arguments and states that are wrong, which are the JDK's {@link
 * IllegalArgumentException} and {@link IllegalStateException}, and what fails inside of a chat
 * template, which is a {@link io.adapt4j.jinja.TemplateException}.
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
   * @param message the problem, its location and the remedy
   * @param cause the failure underneath
   */
  protected Adapt4jException(@Nullable String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
