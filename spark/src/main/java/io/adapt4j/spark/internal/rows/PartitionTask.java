package io.adapt4j.spark.internal.rows;

import io.adapt4j.spark.internal.model.ModelSpec;
import java.io.Serializable;
import java.time.Duration;
import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/**
 * Adds columns to the rows of a partition, in their order, and at last one for the error.
 *
 * @param <T> the model
 * @param spec the model
 * @param work what to do with it
 * @param options how
 * @param counters what is counted
 */
public record PartitionTask<T extends AutoCloseable>(
    ModelSpec spec, RowWork<T> work, Options options, Counters counters)
    implements MapPartitionsFunction<Row, Row> {

  /** What becomes of rows that cannot be computed. */
  public enum Invalid {
    /** The row has an error in its column. */
    KEEP,
    /** The row is left out. */
    SKIP,
    /** The job fails. */
    ERROR
  }

  /**
   * Options of every work.
   *
   * @param window how many rows are in memory and computed together
   * @param idle how long the model stays after its last use
   * @param invalid what becomes of rows that cannot be computed
   */
  public record Options(int window, Duration idle, Invalid invalid) implements Serializable {}

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    return new WindowedRows<>(rows, this);
  }
}
