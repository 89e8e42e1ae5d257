package io.adapt4j.federated;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.federated.internal.StoredAdapter;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A site's adapter before and after a round, or why it is left out.
 *
 * @param site the name of the site
 * @param attempts how often it was tried
 * @param failure why it is left out; empty where it counts
 * @param result what it returned; null before the first attempt
 * @param start folder of the adapter before
 * @param end folder of the adapter after
 */
record SiteUpdate(
    String site,
    int attempts,
    Optional<String> failure,
    @Nullable SiteResult result,
    @Nullable Path start,
    @Nullable Path end) {

  static SiteUpdate none(String site) {
    return new SiteUpdate(site, 0, Optional.of("was not tried"), null, null, null);
  }

  /** Checks what came back, and writes it down. */
  static SiteUpdate of(
      SiteResult result, int attempts, @Nullable Path start, Path end, Aggregation how) {
    Optional<String> failure = result.failure();
    if (failure.isEmpty() && start != null) {
      result.adapter().write(end);
      failure = problem(start, end, how);
    }
    if (failure.isEmpty() && result.targetTokens() < 1) {
      failure = Optional.of("the site learned from no token");
    }
    return new SiteUpdate(result.site(), attempts, failure, result, start, end);
  }

  private static Optional<String> problem(Path start, Path end, Aggregation how) {
    try (StoredAdapter before = StoredAdapter.open(start);
        StoredAdapter after = StoredAdapter.open(end)) {
      return Aggregator.problem(how, before, after);
    } catch (CheckpointException e) {
      return Optional.of("the site returned no adapter: " + e.getMessage());
    }
  }

  SiteResult counted() {
    if (result == null || failure.isPresent()) {
      throw new IllegalStateException(site + " is left out");
    }
    return result;
  }
}
