package io.adapt4j.tools.mcp;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Name of a server for messages, and the secrets that they must not have.
 *
 * @param secrets texts to hide, longest first
 */
record Server(String name, List<String> secrets) {

  private static final int LEAST_SECRET = 4;
  private static final int MOST_SHOWN = 300;

  /** Names a server whose settings have these values. */
  static Server of(String name, Collection<String> values) {
    return new Server(
        name,
        values.stream()
            .flatMap(value -> List.of(value, value.substring(value.indexOf(' ') + 1)).stream())
            .filter(value -> value.length() >= LEAST_SECRET)
            .distinct()
            .sorted(Comparator.comparingInt(String::length).reversed())
            .toList());
  }

  McpException failure(McpException.Kind kind, String problem) {
    return failure(kind, problem, null);
  }

  /** The cause's own message is not part of the exception's. */
  McpException failure(McpException.Kind kind, String problem, @Nullable Throwable cause) {
    return new McpException(kind, "MCP server '" + name + "': " + problem, cause);
  }

  /** Text of the server on one line, shortened and without secrets. */
  String shown(@Nullable String text) {
    String hidden = text == null ? "" : text;
    for (String secret : secrets) {
      hidden = hidden.replace(secret, "(hidden)");
    }
    String line = hidden.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    return line.length() > MOST_SHOWN ? line.substring(0, MOST_SHOWN) + "..." : line;
  }
}
