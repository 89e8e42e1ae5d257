package io.adapt4j.spark.internal.rows;

import java.io.Serializable;
import java.time.Duration;

/** Options of every work. */
public record RowOptions(int window, Duration idle, Invalid invalid) implements Serializable {

  /** What becomes of rows that cannot be computed. */
  public enum Invalid {
    /** The row has an error in its column. */
    KEEP,
    /** The row is left out. */
    SKIP,
    /** The job fails. */
    ERROR
  }
}
