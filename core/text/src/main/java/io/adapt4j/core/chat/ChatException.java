package io.adapt4j.core.chat;

import io.adapt4j.core.exception.Adapt4jException;
import org.jspecify.annotations.Nullable;

/**
 * A conversation that cannot be rendered or masked, or a chat template that cannot be found or
 * selected. The message states the problem, its location and the remedy. Failures inside a template
 * are a {@link io.adapt4j.jinja.TemplateException} instead.
 */
public final class ChatException extends Adapt4jException {

  private static final long serialVersionUID = 1L;

  /**
   * Creates an exception.
   *
   * @param message the problem, its location and the remedy
   */
  public ChatException(@Nullable String message) {
    super(message);
  }

  /**
   * Creates an exception with a cause.
   *
   * @param cause the underlying failure
   */
  public ChatException(@Nullable String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
