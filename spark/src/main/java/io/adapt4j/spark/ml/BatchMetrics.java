package io.adapt4j.spark.ml;

import io.adapt4j.spark.internal.rows.Counters;
import java.time.Duration;

/**
 * What a transformer has done on all executors, over every job that ran it. Spark's accumulators
 * count it: rows of tasks that Spark ran twice, after a failure or because a DataFrame that is not
 * cached was read twice, count twice. The numbers also stand on the page of each stage in Spark's
 * UI.
 */
public final class BatchMetrics {

  private final Counters counters;

  BatchMetrics(Counters counters) {
    this.counters = counters;
  }

  /** {@return rows that were read} */
  public long rows() {
    return counters.rows().value();
  }

  /** {@return rows without an input, which have no output either} */
  public long nulls() {
    return counters.nulls().value();
  }

  /** {@return rows with an error} */
  public long errors() {
    return counters.errors().value();
  }

  /** {@return tokens that were read and generated; 0 where a transformer does not count them} */
  public long tokens() {
    return counters.tokens().value();
  }

  /**
   * {@return the time that tasks spent on computing, summed over tasks; those that share a model
   * wait for each other, and the waiting counts}
   */
  public Duration time() {
    return Duration.ofNanos(counters.nanos().value());
  }

  @Override
  public String toString() {
    return "BatchMetrics[rows=%d, nulls=%d, errors=%d, tokens=%d, time=%s]"
        .formatted(rows(), nulls(), errors(), tokens(), time());
  }
}
