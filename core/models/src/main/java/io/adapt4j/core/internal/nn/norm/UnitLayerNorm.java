package io.adapt4j.core.internal.nn.norm;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.StreamOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/** Layer normalization without weight and bias. */
public record UnitLayerNorm(double eps) implements Norm {

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    return StreamOps.unitNorm(ops, x, eps);
  }

  @Override
  public Tensor ofSum(Ops ops, Tensor x, Tensor added) {
    return forward(ops, ops.add(x, added));
  }

  @Override
  public List<Parameter> parameters() {
    return List.of();
  }
}
