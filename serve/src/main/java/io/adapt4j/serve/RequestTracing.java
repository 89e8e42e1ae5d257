package io.adapt4j.serve;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Telemetry that begins the trace of a request before it is answered, so that what computes the
 * answer, such as retrieval and tools, is part of the trace. Requests that are refused before are
 * given to {@link #accept} alone. Called by several threads.
 */
public interface RequestTracing extends Consumer<ServedRequest> {

  /**
   * Begins the trace of a request.
   *
   * @param path its path
   * @param traceHeaders its headers {@code traceparent} and {@code tracestate}, as far as it has
   *     them
   * @param at when it arrived
   * @return the trace; empty if the request is not traced
   */
  Optional<Traced> begin(String path, Map<String, String> traceHeaders, Instant at);

  /** A request whose trace has begun. */
  interface Traced {

    /**
     * Computes a part of the answer within the trace, on this thread.
     *
     * @param work what computes it
     * @param <T> type of the result
     * @return its result
     */
    <T> T within(Supplier<T> work);

    /**
     * Ends the trace, in place of {@link RequestTracing#accept}.
     *
     * @param request the finished request
     */
    void end(ServedRequest request);
  }
}
