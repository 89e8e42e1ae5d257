package io.adapt4j.spark.ml;

import io.adapt4j.spark.internal.rows.Counters;
import java.time.Duration;

/**
 * Metrics of a transformer across all executors and jobs. Counted by Spark's accumulators: rows of
 * tasks that ran twice, after a failure or because an uncached DataFrame was read twice, count
 * twice. Spark's UI shows them on the page of each stage.
 */
public final class BatchMetrics {

  private final Counters counters;

  BatchMetrics(Counters counters) {
    this.counters = counters;
  }

  /** {@return the number of rows read} */
  public long rows() {
    return counters.rows().value();
  }

  /** {@return the number of rows without an input, and thus without output} */
  public long nulls() {
    return counters.nulls().value();
  }

  /** {@return the number of rows with an error} */
  public long errors() {
    return counters.errors().value();
  }

  /** {@return the number of tokens read and generated; 0 if a transformer does not count them} */
  public long tokens() {
    return counters.tokens().value();
  }

  /**
   * {@return the computing time summed over tasks, including the time that tasks sharing a model
   * wait for each other}
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
