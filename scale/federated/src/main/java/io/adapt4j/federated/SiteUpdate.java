package io.adapt4j.federated;

import io.adapt4j.federated.internal.StoredAdapter;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A site's adapter before and after a round, or why it is left out.
 *
 * @param result its result; null before the first attempt
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

  /**
   * Creates an update from a result accepted by {@link ResultCheck}, writing and checking its
   * values.
   */
  static SiteUpdate of(SiteResult result, int attempts, Path start, Path end, Aggregation how) {
    Optional<String> failure = result.failure().map(ResultCheck::line);
    if (failure.isEmpty()) {
      result.adapter().writeTrained(start, end);
      failure = problem(start, end, how);
    }
    return new SiteUpdate(result.site(), attempts, failure, result, start, end);
  }

  /** Creates the update of a site without an acceptable result. */
  static SiteUpdate failed(String site, int attempts, String failure) {
    return new SiteUpdate(site, attempts, Optional.of(failure), null, null, null);
  }

  private static Optional<String> problem(Path start, Path end, Aggregation how) {
    try (StoredAdapter before = StoredAdapter.open(start);
        StoredAdapter after = StoredAdapter.open(end)) {
      return Aggregator.problem(how, before, after);
    } catch (RuntimeException e) {
      // The file is untrusted: damage to it affects only its own site.
      return Optional.of(
          "the site returned no adapter: " + ResultCheck.line(String.valueOf(e.getMessage())));
    }
  }

  SiteResult counted() {
    if (result == null || failure.isPresent()) {
      throw new IllegalStateException(site + " is left out");
    }
    return result;
  }
}
