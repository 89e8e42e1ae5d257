package io.adapt4j.core.search;

import io.adapt4j.core.train.TrainingException;
import java.io.Serial;

/** A search cannot begin or go on; the message says why and what to do. */
final class SearchException extends TrainingException {

  @Serial private static final long serialVersionUID = 1L;

  SearchException(String message) {
    super(message);
  }

  SearchException(String message, Throwable cause) {
    super(message, cause);
  }
}
