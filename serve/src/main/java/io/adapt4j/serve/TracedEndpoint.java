package io.adapt4j.serve;

import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Endpoint;
import io.adapt4j.serve.internal.http.Limits;
import io.adapt4j.serve.internal.http.Parameters;
import io.adapt4j.serve.internal.http.Work;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Endpoint whose answers are computed within the traces of their requests. */
record TracedEndpoint(Endpoint endpoint, RequestTracing tracing) implements Endpoint {

  private static final List<String> HEADERS = List.of("traceparent", "tracestate");

  @Override
  public void answer(Call call, Parameters parameters) throws IOException {
    tracing
        .begin(call.path(), headers(call), call.at())
        .ifPresent(traced -> call.computeBy(new Tracing(traced)));
    endpoint.answer(call, parameters);
  }

  @Override
  public Parameters read(Call call, Limits limits) throws IOException {
    return endpoint.read(call, limits);
  }

  /** Returns the headers of a request that name its caller's trace. */
  static Map<String, String> headers(Call call) {
    Map<String, String> headers = new HashMap<>();
    HEADERS.forEach(name -> call.header(name).ifPresent(value -> headers.put(name, value)));
    return headers;
  }

  /** Computes within a trace. */
  record Tracing(RequestTracing.Traced traced) implements Work {

    @Override
    public <T> T run(Supplier<T> work) {
      return traced.within(work);
    }
  }
}
