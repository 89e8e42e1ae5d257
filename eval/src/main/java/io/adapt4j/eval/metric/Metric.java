package io.adapt4j.eval.metric;

/**
 * A metric over rows of a prediction and what it is compared with. It collects rows one at a time,
 * gives its result at any moment, and merges with another of its kind that has collected other
 * rows. Not thread-safe. {@link Metrics} makes them.
 *
 * @param <P> the prediction
 * @param <T> what it is compared with
 * @param <R> the result
 */
public interface Metric<P, T, R> {

  /**
   * Adds a row.
   *
   * @param prediction the prediction
   * @param truth what it is compared with
   * @throws IllegalArgumentException if the row is not valid; the message counts rows from 1, and
   *     the metric stays as it was
   */
  void add(P prediction, T truth);

  /**
   * Adds all rows of another.
   *
   * @param other one of the same metric with the same settings
   * @throws IllegalArgumentException if it is of another metric or has other settings
   */
  void merge(Metric<P, T, R> other);

  /**
   * {@return the result of all rows}
   *
   * @throws IllegalStateException if there are no rows
   */
  R result();

  /**
   * Computes the result of one row alone. The rows collected so far stay as they are.
   *
   * @param prediction the prediction
   * @param truth what it is compared with
   * @return the row's own result
   * @throws IllegalArgumentException if the row is not valid
   */
  R of(P prediction, T truth);
}
