package io.adapt4j.eval;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * What an evaluation, or one of its tasks, took. A request that several tasks ask is counted with
 * the first.
 *
 * @param asked requests that the candidate was asked
 * @param kept requests that kept replies answered
 * @param promptTokens tokens that were read
 * @param newTokens tokens that were produced
 * @param candidate time within the candidate
 * @param total time from beginning to end
 * @param peakResidentBytes the most memory of the process that was resident meanwhile, everything
 *     in it included; read every 20 ms; empty outside Linux
 */
public record Cost(
    long asked,
    long kept,
    long promptTokens,
    long newTokens,
    Duration candidate,
    Duration total,
    OptionalLong peakResidentBytes) {

  /** Nothing was asked. */
  public static final Cost NONE = new Cost(0, 0, 0, 0, Duration.ZERO, Duration.ZERO);

  /**
   * Checks that the memory is given, be it empty.
   *
   * @param asked requests that the candidate was asked
   * @param kept requests that kept replies answered
   * @param promptTokens tokens that were read
   * @param newTokens tokens that were produced
   * @param candidate time within the candidate
   * @param total time from beginning to end
   * @param peakResidentBytes the most memory of the process that was resident meanwhile, everything
   *     in it included; read every 20 ms; empty outside Linux
   */
  public Cost {
    Objects.requireNonNull(peakResidentBytes, "peakResidentBytes");
  }

  /**
   * Makes a cost whose memory is not known.
   *
   * @param asked requests that the candidate was asked
   * @param kept requests that kept replies answered
   * @param promptTokens tokens that were read
   * @param newTokens tokens that were produced
   * @param candidate time within the candidate
   * @param total time from beginning to end
   */
  public Cost(
      long asked,
      long kept,
      long promptTokens,
      long newTokens,
      Duration candidate,
      Duration total) {
    this(asked, kept, promptTokens, newTokens, candidate, total, OptionalLong.empty());
  }

  /** Adds up what tasks took, all in the given time. */
  static Cost sum(List<Cost> costs, Duration total) {
    return new Cost(
        costs.stream().mapToLong(Cost::asked).sum(),
        costs.stream().mapToLong(Cost::kept).sum(),
        costs.stream().mapToLong(Cost::promptTokens).sum(),
        costs.stream().mapToLong(Cost::newTokens).sum(),
        costs.stream().map(Cost::candidate).reduce(Duration.ZERO, Duration::plus),
        total,
        costs.stream().flatMapToLong(cost -> cost.peakResidentBytes().stream()).max());
  }

  /**
   * Returns the time that was spent outside the candidate: on prompts, kept replies, metrics and
   * their intervals.
   *
   * @return total less candidate
   */
  public Duration overhead() {
    return total.minus(candidate);
  }

  /** {@return the overhead's share of the time} */
  public double overheadShare() {
    return total.isZero() ? 0 : (double) overhead().toNanos() / total.toNanos();
  }
}
