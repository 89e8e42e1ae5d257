package io.adapt4j.serve.internal.gateway;

import io.adapt4j.serve.internal.http.Call;
import io.adapt4j.serve.internal.http.Fault;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Decides who may send requests. */
public record Guard(ApiKeys keys, Origins origins, boolean local) {

  private static final Set<String> LOCAL_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

  /** Refuses a request without a valid key, if one is needed. */
  void requireKey(Call call) {
    if (!keys.admits(call.header("Authorization"))) {
      call.set("WWW-Authenticate", "Bearer");
      throw Fault.unauthorized();
    }
  }

  /**
   * Refuses requests of a browser under a foreign host name (DNS rebinding): a page can point its
   * own name to this machine, and could then read the answers.
   */
  void requireLocalName(Call call) {
    if (local && keys.isEmpty() && !LOCAL_NAMES.contains(name(call.header("Host")))) {
      throw Fault.invalid(
          403,
          null,
          "unknown_host",
          "This server has no API key and answers only to localhost, 127.0.0.1 and [::1].");
    }
  }

  /** Returns a host without its port; HTTP/1.0 requests may have none. */
  private static String name(Optional<String> host) {
    return host.orElse("localhost").replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT);
  }
}
