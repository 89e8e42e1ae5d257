package io.adapt4j.benchmarks.harness;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;

/**
 * The rate of a large square matrix product in the engine, the practical ceiling of a training
 * step. The best of all repetitions counts, both before and after the compared measurement.
 */
public final class MatmulCeiling {

  public static final int SIZE = 2048;
  public static final int REPETITIONS = 12;

  private final DType type;
  private double best;

  public MatmulCeiling(DType type) {
    this.type = type;
  }

  /** Runs the repetitions. */
  public void measure() {
    try (Scope scope = Scope.open();
        Parameter weight = Parameter.of("weight", SIZE, SIZE)) {
      weight.allocate(type);
      weight.value().copyFrom(Tensor.randn(DType.F32, SIZE, SIZE));
      Tensor x = Tensor.empty(type, SIZE, SIZE);
      x.copyFrom(Tensor.randn(DType.F32, SIZE, SIZE));
      for (int i = 0; i < REPETITIONS; i++) {
        long begun = System.nanoTime();
        Ops.inference().linear(x, weight, null).close();
        double seconds = (System.nanoTime() - begun) / 1e9;
        best = Math.max(best, 2.0 * SIZE * SIZE * SIZE / seconds);
      }
    }
  }

  /** Returns floating-point operations per second. */
  public double flops() {
    return best;
  }
}
