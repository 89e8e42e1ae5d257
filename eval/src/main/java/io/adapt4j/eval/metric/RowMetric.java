package io.adapt4j.eval.metric;

import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;

/** Adapts an accumulator of rows to {@link Metric}. */
final class RowMetric<A, P, T, R> implements Metric<P, T, R> {
  private final Operations<A, P, T, R> operations;
  private final A rows;

  RowMetric(Operations<A, P, T, R> operations) {
    this.operations = operations;
    this.rows = operations.empty.get();
  }

  /** Adds a row to an accumulator. */
  interface Adder<A, P, T> {
    void add(A rows, P prediction, T truth);
  }

  /** Operations of an accumulator. */
  record Operations<A, P, T, R>(
      Supplier<A> empty, Adder<A, P, T> adder, BiConsumer<A, A> merger, Function<A, R> result) {}

  @Override
  public void add(P prediction, T truth) {
    operations.adder.add(rows, prediction, truth);
  }

  @Override
  public void merge(Metric<P, T, R> other) {
    if (!(other instanceof RowMetric<?, ?, ?, ?> same) || same.rows.getClass() != rows.getClass()) {
      throw new IllegalArgumentException(
          "The other is of another metric; merge metrics that the same method of Metrics made");
    }
    @SuppressWarnings("unchecked")
    A others = (A) same.rows;
    operations.merger.accept(rows, others);
  }

  @Override
  public R result() {
    return operations.result.apply(rows);
  }

  @Override
  public R of(P prediction, T truth) {
    A row = operations.empty.get();
    operations.adder.add(row, prediction, truth);
    return operations.result.apply(row);
  }
}
