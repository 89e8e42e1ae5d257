package io.adapt4j.core.internal.nn.attention;

import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.stream.Stream;

/** Key and value projection of a layer, which later layers may share. */
public record KeyValues(
    int layer,
    Input input,
    LinearSlot projection,
    boolean areOne,
    Heads heads,
    Norm keyNorm,
    Norm valueNorm) {

  /** Computes the projection's input from the layer's input. */
  @FunctionalInterface
  public interface Input {
    Tensor of(Ops ops, Tensor x);
  }

  /** Computes keys and values [B, K, T, D] from the projection's input. */
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
