package io.adapt4j.eval;

import java.time.Duration;

/**
 * What an evaluation took.
 *
 * @param asked requests that the candidate was asked
 * @param kept requests that kept replies answered
 * @param promptTokens tokens that were read
 * @param newTokens tokens that were produced
 * @param candidate time within the candidate
 * @param total time from beginning to end
 */
public record Cost(
    long asked, long kept, long promptTokens, long newTokens, Duration candidate, Duration total) {

  /**
   * Returns the time that was spent outside the candidate.
   *
   * @return total less candidate
   */
  public Duration overhead() {
    return total.minus(candidate);
  }
}
