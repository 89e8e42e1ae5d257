package io.adapt4j.serve.internal.http;

import java.util.Optional;
import java.util.Set;

/** Pages of other sites, whose requests a browser sends without asking. */
public final class ForeignPages {

  private ForeignPages() {}

  /**
   * Refuses requests of pages from elsewhere, which browsers send without a preflight if they have
   * no special header.
   */
  public static void refuse(Call call, Set<String> allowed) {
    Optional<String> origin = call.header("Origin");
    String own = "http://" + call.header("Host").orElse("");
    if (origin.isPresent()
        && !origin.get().equals(own)
        && !allowed.contains("*")
        && !allowed.contains(origin.get())) {
      throw Fault.invalid(
          403,
          null,
          "unknown_origin",
          "Pages of this origin may not send requests to " + call.path());
    }
  }
}
