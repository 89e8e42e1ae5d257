package io.adapt4j.spark.internal.rows;

import java.io.Serializable;
import java.time.Duration;

/** Options common to all row work. */
public record RowOptions(int window, Duration idle, Invalid invalid) implements Serializable {

  /** Handling of rows that cannot be computed. */
  public enum Invalid {
    /** Keep the row, with an error in its column. */
    KEEP,
    /** Drop the row. */
    SKIP,
    /** Fail the job. */
    ERROR
  }
}
