package io.adapt4j.eval.metric;

/**
 * A metric over rows of a prediction and its truth. It collects rows one at a time, returns its
 * result at any moment, and merges with another of its kind that has collected other rows. Not
 * thread-safe. {@link Metrics} creates them.
 *
 * @param <P> the prediction
 * @param <T> the truth
 * @param <R> the result
 */
public interface Metric<P, T, R> {

  /**
   * Adds a row.
   *
   * @param prediction the prediction
   * @param truth the value it is compared with
   * @throws IllegalArgumentException if the row is not valid; the message counts rows from 1, and
   *     the metric stays as it was
   */
  void add(P prediction, T truth);

  /**
   * Adds all rows of another metric.
   *
   * @param other the same metric with the same settings
   * @throws IllegalArgumentException if it is of another metric or has other settings
   */
  void merge(Metric<P, T, R> other);

  /**
   * {@return the result over all rows}
   *
   * @throws IllegalStateException if there are no rows
   */
  R result();

  /**
   * Computes the result of a single row. The collected rows stay as they are.
   *
   * @return the row's result
   * @throws IllegalArgumentException if the row is not valid
   */
  R of(P prediction, T truth);
}
