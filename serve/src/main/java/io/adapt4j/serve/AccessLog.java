package io.adapt4j.serve;

import io.adapt4j.serve.internal.http.Call;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The log of requests. */
record AccessLog(Consumer<AccessRecord> listener) implements Consumer<Call> {

  private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);

  @Override
  public void accept(Call call) {
    try {
      listener.accept(
          new AccessRecord(
              call.at(),
              call.client(),
              call.method(),
              call.path(),
              call.status(),
              call.age(),
              call.model(),
              call.usage().promptTokens(),
              call.usage().newTokens(),
              call.body(),
              call.answer()));
    } catch (RuntimeException e) {
      LOG.warn("The access log failed.", e);
    }
  }
}
