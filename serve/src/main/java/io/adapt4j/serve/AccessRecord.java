package io.adapt4j.serve;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * What is logged of a request.
 *
 * @param at when it came
 * @param client the address it came from
 * @param method such as {@code POST}
 * @param path such as {@code /v1/chat/completions}, without a query
 * @param status the status of the answer; 499 where the client left before its end
 * @param took the time until the answer ended
 * @param model the model that was asked, or empty
 * @param promptTokens tokens that were read
 * @param newTokens tokens that were generated
 * @param request the body; empty unless {@link ModelServer.Builder#logContents} asks for it
 * @param answer the text of the answers, on lines of their own; empty unless {@link
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
    int promptTokens,
    int newTokens,
    Optional<String> request,
    Optional<String> answer) {

  /** {@return one line without contents} */
  @Override
  public String toString() {
    return "%s %s %s %s %d %d ms model=%s prompt=%d new=%d"
        .formatted(
            at,
            client,
            method,
            path.replaceAll("[\\s\\p{Cntrl}]", "_"),
            status,
            took.toMillis(),
            model.orElse("-"),
            promptTokens,
            newTokens);
  }
}
