package io.adapt4j.serve;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * A log record of a request.
 *
 * @param at time of arrival
 * @param client IP address of the client
 * @param method such as {@code POST}
 * @param path such as {@code /v1/chat/completions}, without a query
 * @param status the status of the answer; 499 if the client disconnected before its end
 * @param took duration until the answer ended
 * @param model the requested model, or empty
 * @param version name of the version that answered, or empty
 * @param promptTokens number of prompt tokens
 * @param newTokens number of generated tokens
 * @param request the body; empty unless {@link ModelServer.Builder#logContents} asks for it
 * @param answer the texts of the answers, on separate lines; empty unless {@link
 *     ModelServer.Builder#logContents} asks for it
 */
public record AccessRecord(
    Instant at,
    String client,
    String method,
    String path,
    int status,
    Duration took,
    Optional<String> model,
    Optional<String> version,
    int promptTokens,
    int newTokens,
    Optional<String> request,
    Optional<String> answer) {

  /** {@return one line without contents} */
  @Override
  public String toString() {
    return "%s %s %s %s %d %d ms model=%s%s prompt=%d new=%d"
        .formatted(
            at,
            client,
            method,
            path.replaceAll("[\\s\\p{Cntrl}]", "_"),
            status,
            took.toMillis(),
            model.orElse("-"),
            version.map(name -> " version=" + name).orElse(""),
            promptTokens,
            newTokens);
  }
}
