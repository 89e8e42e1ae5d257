package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.RelativeOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/** Step applied to a text's vector after pooling. */
sealed interface VectorModule extends AutoCloseable
    permits VectorModule.Normalize, VectorModule.FirstEntries, DenseModule {

  /**
   * Applies the step.
   *
   * @param x [B, width]
   * @return [B, {@link #width}]
   */
  Tensor forward(Ops ops, Tensor x);

  int width(int input);

  /** Returns the module's weights; empty if it has none. */
  default List<Parameter> parameters() {
    return List.of();
  }

  /** Reads the weights, if any, as the given type. */
  default void load(DType type) {}

  @Override
  default void close() {}

  /** Scales vectors to length 1. */
  record Normalize() implements VectorModule {

    @Override
    public Tensor forward(Ops ops, Tensor x) {
      return ops.normalize(x);
    }

    @Override
    public int width(int input) {
      return input;
    }
  }

  /** Truncates vectors to their first entries. */
  record FirstEntries(int count) implements VectorModule {

    @Override
    public Tensor forward(Ops ops, Tensor x) {
      return RelativeOps.columns(ops, x, 0, count);
    }

    @Override
    public int width(int input) {
      return count;
    }
  }
}
