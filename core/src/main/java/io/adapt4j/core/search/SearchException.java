package io.adapt4j.core.search;

import java.io.Serial;

/** A search cannot begin or go on; the message says why and what to do. */
public final class SearchException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1L;

  SearchException(String message) {
    super(message);
  }

  SearchException(String message, Throwable cause) {
    super(message, cause);
  }
}
