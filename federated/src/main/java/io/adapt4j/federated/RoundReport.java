package io.adapt4j.federated;

import java.time.Duration;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How a round went. Norms are Frobenius norms over all adapted modules together.
 *
 * @param round its number, from 1
 * @param sites one report a site that took part, left out or not
 * @param meanNorm norm of the mean of the updates scale B A
 * @param factorMeanError norm of the mean of the updates less the update of averaged factors: what
 *     {@link Aggregation#NAIVE} gets wrong
 * @param aggregationError norm of the mean of the updates less what this aggregation made of it
 * @param epsilon what the rounds so far came to; empty without noise
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

  /**
   * Keeps its own list.
   *
   * @param round its number, from 1
   * @param sites one report a site
   * @param meanNorm norm of the mean of the updates
   * @param factorMeanError norm of what averaged factors get wrong
   * @param aggregationError norm of what this aggregation gets wrong
   * @param epsilon what the rounds so far came to; empty without noise
   * @param elapsed time of the round
   */
  public RoundReport {
    sites = List.copyOf(sites);
  }

  /** {@return the sites whose updates were left out} */
  public List<SiteReport> leftOut() {
    return sites.stream().filter(site -> site.failure().isPresent()).toList();
  }
}
