package io.adapt4j.spark.internal.rows;

import io.adapt4j.spark.internal.model.ModelPool;
import io.adapt4j.spark.internal.model.ModelSpec;
import io.adapt4j.spark.internal.model.TaskStop;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.jspecify.annotations.Nullable;

/** Iterator over the rows of a partition with their results, computed a window at a time. */
final class WindowedRows<T extends AutoCloseable> implements Iterator<Row> {

  private final Iterator<Row> rows;
  private final ModelSpec spec;
  private final RowWork<T> work;
  private final RowOptions options;
  private final Counters counters;
  private final TaskStop stop = TaskStop.ofThisTask();
  private final ArrayDeque<Row> done = new ArrayDeque<>();
  private ModelPool.@Nullable Lease<T> lease;

  WindowedRows(
      Iterator<Row> rows, ModelSpec spec, RowWork<T> work, RowOptions options, Counters counters) {
    this.rows = rows;
    this.spec = spec;
    this.work = work;
    this.options = options;
    this.counters = counters;
    stop.whenOver(this::release);
  }

  @Override
  public boolean hasNext() {
    while (done.isEmpty() && rows.hasNext()) {
      compute(window());
    }
    if (done.isEmpty()) {
      release();
    }
    return !done.isEmpty();
  }

  @Override
  public Row next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return done.remove();
  }

  private List<Row> window() {
    List<Row> window = new ArrayList<>();
    while (window.size() < options.window() && rows.hasNext()) {
      window.add(rows.next());
    }
    return window;
  }

  private void compute(List<Row> window) {
    List<Row> inputs = window.stream().filter(work::hasInput).toList();
    Iterator<RowResult> results =
        inputs.isEmpty() ? List.<RowResult>of().iterator() : results(inputs).iterator();
    counters.rows().add((long) window.size());
    counters.nulls().add((long) (window.size() - inputs.size()));
    for (Row row : window) {
      RowResult result = work.hasInput(row) ? results.next() : null;
      if (result != null && result.error() != null) {
        counters.errors().add(1L);
        if (options.invalid() == RowOptions.Invalid.ERROR) {
          throw new IllegalArgumentException(result.error());
        }
        if (options.invalid() == RowOptions.Invalid.SKIP) {
          continue;
        }
      }
      done.add(joined(row, result));
    }
  }

  private List<RowResult> results(List<Row> inputs) {
    T model = model();
    long start = System.nanoTime();
    List<RowResult> results = work.compute(model, inputs, stop);
    counters.nanos().add(System.nanoTime() - start);
    counters.tokens().add(results.stream().mapToLong(RowResult::tokens).sum());
    return results;
  }

  private Row joined(Row row, @Nullable RowResult result) {
    int columns = work.columns();
    @Nullable Object[] values = new Object[row.size() + columns + 1];
    for (int i = 0; i < row.size(); i++) {
      values[i] = row.get(i);
    }
    if (result != null) {
      for (int i = 0; i < columns; i++) {
        values[row.size() + i] = result.value(i);
      }
      values[values.length - 1] = result.error();
    }
    return RowFactory.create(values);
  }

  private T model() {
    ModelPool.Lease<T> held = lease;
    if (held == null) {
      held =
          ModelPool.shared().lease(work.type(), spec, options.idle(), stop, () -> work.load(spec));
      lease = held;
    }
    return held.model();
  }

  private void release() {
    if (lease != null) {
      lease.close();
      lease = null;
    }
  }
}
