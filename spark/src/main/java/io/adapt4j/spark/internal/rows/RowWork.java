package io.adapt4j.spark.internal.rows;

import io.adapt4j.spark.internal.model.ModelSpec;
import io.adapt4j.spark.internal.model.TaskStop;
import java.io.Serializable;
import java.util.List;
import org.apache.spark.sql.Row;

/** What a stage does with rows. */
public interface RowWork<T extends AutoCloseable> extends Serializable {

  /** The model's kind and options, which tell it from others of the same files. */
  String type();

  /** Loads the model. */
  T load(ModelSpec spec);

  /** Whether there is something to compute. */
  boolean hasInput(Row row);

  /** How many values a row gets, without the error. */
  int columns();

  /** Computes rows. */
  List<RowResult> compute(T model, List<Row> rows, TaskStop stop);
}
