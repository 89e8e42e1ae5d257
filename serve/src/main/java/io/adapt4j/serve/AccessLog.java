package io.adapt4j.serve;

import io.adapt4j.serve.internal.http.Call;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The log of requests, and their telemetry. */
record AccessLog(Consumer<AccessRecord> listener, Consumer<ServedRequest> telemetry)
    implements Consumer<Call> {

  private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);

  @Override
  public void accept(Call call) {
    AccessRecord entry =
        new AccessRecord(
            call.at(),
            call.client(),
            call.method(),
            call.path(),
            call.status(),
            call.age(),
            call.model(),
            call.version(),
            call.usage().promptTokens(),
            call.usage().newTokens(),
            call.body(),
            call.answer());
    tell("access log", listener, entry);
    ServedRequest served = new ServedRequest(entry, call.untilText(), TracedEndpoint.headers(call));
    Consumer<ServedRequest> traced =
        call.work() instanceof TracedEndpoint.Tracing begun ? begun.traced()::end : telemetry;
    tell("telemetry", traced, served);
  }

  private static <T> void tell(String name, Consumer<T> listener, T entry) {
    try {
      listener.accept(entry);
    } catch (RuntimeException e) {
      LOG.warn("The {} failed.", name, e);
    }
  }
}
