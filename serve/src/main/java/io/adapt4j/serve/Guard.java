package io.adapt4j.serve;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** Says who may ask. */
final class Guard {

  private static final Set<String> LOCAL_NAMES = Set.of("localhost", "127.0.0.1", "[::1]");

  private final ApiKeys keys;
  private final Origins origins;
  private final boolean local;

  /**
   * Creates a guard.
   *
   * @param local whether only programs of this machine can reach the server
   */
  Guard(ApiKeys keys, Origins origins, boolean local) {
    this.keys = keys;
    this.origins = origins;
    this.local = local;
  }

  Origins origins() {
    return origins;
  }

  /** Refuses a request without a key, where one is needed. */
  void requireKey(Call call) {
    if (!keys.admits(call.header("Authorization"))) {
      call.set("WWW-Authenticate", "Bearer");
      throw Fault.unauthorized();
    }
  }

  /**
   * Refuses what a browser sends here in the belief that this is another site: a page can have its
   * own name lead to this machine, and would then read the answers.
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

  /** A host without its port; one of HTTP/1.0 may be missing. */
  private static String name(Optional<String> host) {
    return host.orElse("localhost").replaceFirst(":\\d+$", "").toLowerCase(Locale.ROOT);
  }
}
