package io.adapt4j.core.internal.nn.norm;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.stream.Stream;

/** Separate norms of the left and the right half of the columns. */
public record JoinedNorms(Norm left, Norm right) implements Norm {

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    Tensor[] halves = ops.splitEvenly(x, 2);
    return ops.joinColumns(List.of(left.forward(ops, halves[0]), right.forward(ops, halves[1])));
  }

  @Override
  public Tensor ofSum(Ops ops, Tensor x, Tensor added) {
    return forward(ops, ops.add(x, added));
  }

  @Override
  public List<Parameter> parameters() {
    return Stream.concat(left.parameters().stream(), right.parameters().stream()).toList();
  }
}
