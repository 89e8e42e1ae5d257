package io.adapt4j.federated;

import io.adapt4j.federated.internal.AdapterFiles;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Validation of a site's result before it is written or counted. */
final class ResultCheck {

  /** Limit of training tokens, more than any site can process in a round. */
  static final long MAX_TARGET_TOKENS = 1_000_000_000_000L;

  /** Maximum length of a failure's reason in logs and reports. */
  private static final int MAX_REASON = 500;

  private ResultCheck() {}

  /**
   * Returns why a result is not acceptable for a job; empty if it is. A result that reports a
   * failure is acceptable.
   */
  static Optional<String> problem(SiteJob job, SiteResult result) {
    Optional<String> difference = job.stamp().difference(result.stamp());
    if (difference.isPresent() || result.failure().isPresent()) {
      return difference;
    }
    AdapterFiles adapter = result.adapterOrNull();
    if (adapter == null) {
      return Optional.of("the site returned neither an adapter nor a reason");
    }
    Optional<String> files = adapter.problem(job.maxAdapterBytes());
    if (files.isPresent()) {
      return files.map(reason -> "the site returned " + reason);
    }
    if (job.round() > 0 && result.targetTokens() < 1) {
      return Optional.of("the site learned from no token");
    }
    if (result.targetTokens() > MAX_TARGET_TOKENS) {
      return Optional.of(
          "the site says that it learned from %d tokens, more than %d"
              .formatted(result.targetTokens(), MAX_TARGET_TOKENS));
    }
    if (result.steps() < 0 || result.elapsed() == null || result.elapsed().isNegative()) {
      return Optional.of("the site returned a negative number of steps or duration");
    }
    return Optional.empty();
  }

  /** Returns a site's text as one line of bounded length, for logs and reports. */
  static String line(@Nullable String text) {
    String line = String.valueOf(text).replaceAll("\\p{Cntrl}+", " ").strip();
    return line.length() <= MAX_REASON ? line : line.substring(0, MAX_REASON) + "...";
  }
}
