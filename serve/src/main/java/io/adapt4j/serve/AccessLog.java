package io.adapt4j.serve;

import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The log of requests. */
record AccessLog(Consumer<AccessRecord> listener, boolean contents) {

  private static final Logger LOG = LoggerFactory.getLogger(AccessLog.class);

  void log(Call call) {
    try {
      listener.accept(call.record());
    } catch (RuntimeException e) {
      LOG.warn("The access log failed.", e);
    }
  }
}
