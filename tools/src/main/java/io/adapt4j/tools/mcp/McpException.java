package io.adapt4j.tools.mcp;

import io.adapt4j.core.exception.Adapt4jException;
import java.io.Serial;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A failure of an MCP server or of the connection to it. The message names the server and has no
 * values of its environment or headers.
 */
public final class McpException extends Adapt4jException {

  @Serial private static final long serialVersionUID = 1;

  private final Kind kind;

  /** Kinds of failures. */
  public enum Kind {
    /** The server cannot be started or reached, or has ended; the next call connects again. */
    UNAVAILABLE,
    /** No answer within the time limit. */
    TIMEOUT,
    /** A message that does not follow the protocol, or another version of it. */
    PROTOCOL,
    /** A message, list or schema exceeds a limit. */
    LIMIT,
    /** The server answered with an error. */
    REFUSED,
    /** A tool returned images, audio or other data that is not text. */
    CONTENT
  }

  McpException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = Objects.requireNonNull(kind, "kind");
  }

  /** {@return the kind of failure} */
  public Kind kind() {
    return kind;
  }
}
