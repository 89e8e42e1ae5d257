package io.adapt4j.spark.internal.rows;

import io.adapt4j.spark.internal.model.ModelSpec;
import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/** Adds output columns to the rows of a partition, in order, and finally an error column. */
public record PartitionTask<T extends AutoCloseable>(
    ModelSpec spec, RowWork<T> work, RowOptions options, Counters counters)
    implements MapPartitionsFunction<Row, Row> {

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    return new WindowedRows<>(rows, spec, work, options, counters);
  }
}
