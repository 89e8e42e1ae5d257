package io.adapt4j.spark.internal.rows;

import io.adapt4j.spark.internal.model.ModelSpec;
import java.util.Iterator;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Row;

/** Adds output columns to the rows of a partition, in order, and finally an error column. */
public final class PartitionTask<T extends AutoCloseable>
    implements MapPartitionsFunction<Row, Row> {

  private static final long serialVersionUID = 1;

  private final Computation<T> computation;

  /** Creates a task. */
  public PartitionTask(ModelSpec spec, RowWork<T> work, RowOptions options, Counters counters) {
    this.computation = new Computation<>(spec, work, options, counters);
  }

  @Override
  public Iterator<Row> call(Iterator<Row> rows) {
    return new WindowedRows<>(rows, computation);
  }
}
