package io.adapt4j.structured.internal.schema;

import java.io.Serial;

/** A schema that is not supported; the message names keyword, place and remedy. */
public final class SchemaException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  /** Creates an exception. */
  public SchemaException(String path, String message) {
    super(path + ": " + message);
  }
}
