package io.adapt4j.core.batch;

import io.adapt4j.core.exception.Adapt4jException;

/** Thrown for a batch whose output cannot be written or belongs to another batch. */
public final class BatchException extends Adapt4jException {

  private static final long serialVersionUID = 1;

  BatchException(String message) {
    super(message);
  }

  BatchException(String message, Throwable cause) {
    super(message, cause);
  }
}
