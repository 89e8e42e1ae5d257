package io.adapt4j.core.search;

import io.adapt4j.core.train.TrainingException;
import java.io.Serial;

/** Thrown if a search cannot start or continue; the message has the reason and the remedy. */
final class SearchException extends TrainingException {

  @Serial private static final long serialVersionUID = 1L;

  SearchException(String message) {
    super(message);
  }

  SearchException(String message, Throwable cause) {
    super(message, cause);
  }
}
