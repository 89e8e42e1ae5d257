package io.adapt4j.core.internal.tensor;

/** Observer of the operators that an {@link Engine} runs, for example for profiling. */
@FunctionalInterface
public interface OperatorObserver {

  /** Called after an operator has run. */
  void ran(Operator operator, long nanos);
}
