package io.adapt4j.core.internal.encode;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.RelativeOps;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/** A step that changes the vector of a text after pooling. */
sealed interface VectorModule extends AutoCloseable
    permits VectorModule.Normalize, VectorModule.FirstEntries, DenseModule {

  /**
   * Applies the step.
   *
   * @param x [B, width]
   * @return [B, {@link #width}]
   */
  Tensor forward(Ops ops, Tensor x);

  /** Width of the result, given that of the input. */
  int width(int input);

  /** What it multiplies with; empty where it has no weights. */
  default List<Parameter> parameters() {
    return List.of();
  }

  /** Reads weights, if there are any, into memory of a type. */
  default void load(DType type) {}

  @Override
  default void close() {}

  /** Scales to length 1. */
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

  /** Keeps the first entries. */
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
