package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/**
 * What makes the keys and values of a layer, for itself and for later layers that have none of
 * their own.
 */
public record KeyValues(
    int layer,
    Input input,
    LinearSlot projection,
    boolean areOne,
    Heads heads,
    Norm keyNorm,
    Norm valueNorm) {

  /** Makes of a layer's input what its projections read. */
  @FunctionalInterface
  public interface Input {
    Tensor of(Ops ops, Tensor x);
  }

  /** Keys and values [B, K, T, D] of what the projection reads. */
  Tensor[] of(Ops ops, Tensor x) {
    long[] each =
        areOne ? new long[] {heads.keyValue()} : new long[] {heads.keyValue(), heads.keyValue()};
    Tensor[] parts = ops.splitHeads(projection.forward(ops, x), each, heads.dim());
    Tensor values = valueNorm.forward(ops, parts[areOne ? 0 : 1]);
    return new Tensor[] {keyNorm.forward(ops, parts[0]), values};
  }

  List<Parameter> normParameters() {
    return Stream.of(keyNorm, valueNorm).flatMap(norm -> norm.parameters().stream()).toList();
  }
}
