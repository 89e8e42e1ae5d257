package io.adapt4j.tools.mcp;

import java.io.Serial;

/** The server no longer knows the session; the request was not carried out. */
final class ExpiredException extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  ExpiredException() {
    super(null, null, false, false);
  }
}
