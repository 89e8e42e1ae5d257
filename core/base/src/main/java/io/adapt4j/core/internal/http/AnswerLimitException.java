package io.adapt4j.core.internal.http;

import java.io.IOException;

/** A response exceeds a limit of the client; retrying would not help. */
public final class AnswerLimitException extends IOException {

  private static final long serialVersionUID = 1L;

  public AnswerLimitException(String message) {
    super(message);
  }
}
