package io.adapt4j.federated;

import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Report of a round. Norms are Frobenius norms over all adapted modules together.
 *
 * @param round its number, from 1
 * @param sites one report per participating site, including those left out
 * @param meanNorm norm of the mean of the updates scale B A
 * @param factorMeanError norm of the error of averaging A and B separately, as {@link
 *     Aggregation#NAIVE} does
 * @param aggregationError norm of the difference between the mean of the updates and the aggregated
 *     update
 * @param epsilon privacy loss of all rounds so far; empty without noise
 * @param elapsed time of the round
 */
public record RoundReport(
    int round,
    List<SiteReport> sites,
    double meanNorm,
    double factorMeanError,
    double aggregationError,
    OptionalDouble epsilon,
    Duration elapsed) {

  /** Copies the list. */
  public RoundReport {
    sites = List.copyOf(sites);
  }

  /** {@return the sites whose updates were left out} */
  public List<SiteReport> leftOut() {
    return sites.stream().filter(site -> site.failure().isPresent()).toList();
  }
}
