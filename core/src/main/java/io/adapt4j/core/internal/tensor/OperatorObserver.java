package io.adapt4j.core.internal.tensor;

/** Is told of every run of an operator of an {@link Engine}, such as to see where time goes. */
@FunctionalInterface
public interface OperatorObserver {

  /** Takes note of a run. */
  void ran(Operator operator, long nanos);
}
