package io.adapt4j.serve.internal.gateway;

import io.adapt4j.serve.internal.http.Call;
import java.util.Optional;
import java.util.Set;

/** Origins of pages that may send requests from a browser (CORS). */
public final class Origins {

  private static final String ANY = "*";

  private final Set<String> allowed;

  public Origins(Set<String> allowed) {
    this.allowed = Set.copyOf(allowed);
  }

  /** Adds the header that lets the page of a request read the answer, if allowed. */
  void allow(Call call) {
    if (allowed.isEmpty()) {
      return;
    }
    call.set("Vary", "Origin");
    Optional<String> origin = call.header("Origin").filter(this::isAllowed);
    if (origin.isPresent()) {
      call.set("Access-Control-Allow-Origin", allowed.contains(ANY) ? ANY : origin.get());
      call.set("Access-Control-Expose-Headers", "Retry-After");
    }
  }

  /** Returns whether a request is a CORS preflight. */
  boolean isPreflight(Call call) {
    return !allowed.isEmpty()
        && call.method().equals("OPTIONS")
        && call.header("Access-Control-Request-Method").isPresent();
  }

  /** Adds the headers of an answer to a preflight. */
  void answerPreflight(Call call) {
    if (call.header("Origin").filter(this::isAllowed).isPresent()) {
      call.set("Access-Control-Allow-Methods", "GET, POST, DELETE");
      call.header("Access-Control-Request-Headers")
          .ifPresent(names -> call.set("Access-Control-Allow-Headers", names));
      call.set("Access-Control-Max-Age", "600");
    }
  }

  private boolean isAllowed(String origin) {
    return allowed.contains(ANY) || allowed.contains(origin);
  }
}
