package io.adapt4j.serve;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;

/**
 * A finished request, for telemetry.
 *
 * @param record what the access log has of it; with contents only after {@link
 *     ModelServer.Builder#logContents}
 * @param timeToFirstText time until the first text of a stream; empty for other answers
 * @param traceHeaders the headers {@code traceparent} and {@code tracestate} of the request, as far
 *     as it has them (W3C Trace Context)
 */
public record ServedRequest(
    AccessRecord record, Optional<Duration> timeToFirstText, Map<String, String> traceHeaders) {

  /** Copies the headers. */
  public ServedRequest {
    traceHeaders = Map.copyOf(traceHeaders);
  }
}
