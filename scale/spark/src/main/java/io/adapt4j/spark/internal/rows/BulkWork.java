package io.adapt4j.spark.internal.rows;

import io.adapt4j.spark.internal.model.TaskStop;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;

/**
 * Row work of a model that takes many rows per call and sorts them by length itself. If a call
 * fails for a row, it is bisected until that row is isolated.
 */
public interface BulkWork<T extends AutoCloseable> extends RowWork<T> {

  /** Computes rows, or throws if one cannot be computed. */
  List<RowResult> computeAll(T model, List<Row> rows);

  @Override
  default List<RowResult> compute(T model, List<Row> rows, TaskStop stop) {
    stop.throwIfStopped();
    try {
      return computeAll(model, rows);
    } catch (RuntimeException e) {
      if (!RowErrors.isOfRow(e)) {
        throw e;
      }
      if (rows.size() == 1) {
        return List.of(RowResult.failed(e));
      }
    }
    int half = rows.size() / 2;
    return Stream.concat(
            compute(model, rows.subList(0, half), stop).stream(),
            compute(model, rows.subList(half, rows.size()), stop).stream())
        .toList();
  }
}
