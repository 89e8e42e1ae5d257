package io.adapt4j.eval;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;

/**
 * Requests, tokens, time and memory of an evaluation or of one of its tasks. A request shared by
 * several tasks is counted with the first.
 *
 * @param asked requests sent to the candidate
 * @param kept requests answered by stored replies
 * @param promptTokens prompt tokens
 * @param newTokens generated tokens
 * @param candidate time within the candidate
 * @param total total time
 * @param peakResidentBytes peak memory (RSS) of the whole process, sampled every 20 ms; empty
 *     outside Linux
 */
public record Cost(
    long asked,
    long kept,
    long promptTokens,
    long newTokens,
    Duration candidate,
    Duration total,
    OptionalLong peakResidentBytes) {

  /** No requests. */
  public static final Cost NONE = new Cost(0, 0, 0, 0, Duration.ZERO, Duration.ZERO);

  /** Checks that no value is null. */
  public Cost {
    Objects.requireNonNull(peakResidentBytes, "peakResidentBytes");
  }

  /** Creates a cost whose memory is unknown. */
  public Cost(
      long asked,
      long kept,
      long promptTokens,
      long newTokens,
      Duration candidate,
      Duration total) {
    this(asked, kept, promptTokens, newTokens, candidate, total, OptionalLong.empty());
  }

  /** Adds up the costs of tasks that took the given total time. */
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
   * Returns the time spent outside the candidate: on prompts, stored replies, metrics and their
   * intervals.
   *
   * @return total time minus candidate time
   */
  public Duration overhead() {
    return total.minus(candidate);
  }

  /** {@return the overhead's share of the time} */
  public double overheadShare() {
    return total.isZero() ? 0 : (double) overhead().toNanos() / total.toNanos();
  }
}
