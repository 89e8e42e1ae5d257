package io.adapt4j.core.internal.tensor;

/** Is told of every run of an operator of an {@link Engine}, such as to see where time goes. */
@FunctionalInterface
public interface OperatorObserver {

  /**
   * Takes note of a run.
   *
   * @param operator what ran
   * @param nanos how long the call took; on a device that works by itself, how long handing it over
   *     took
   */
  void ran(Operator operator, long nanos);
}
