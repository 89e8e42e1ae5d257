package io.adapt4j.spark.internal.rows;

import io.adapt4j.spark.internal.model.ModelSpec;
import io.adapt4j.spark.internal.model.TaskStop;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.Row;

/** Computation on rows with a model. */
public interface RowWork<T extends AutoCloseable> extends Serializable {

  /** Returns the model's kind and options, which distinguish it from others with the same files. */
  String type();

  T load(ModelSpec spec);

  boolean hasInput(Row row);

  /** Returns the number of output columns, without the error. */
  int columns();

  List<RowResult> compute(T model, List<Row> rows, TaskStop stop);
}
