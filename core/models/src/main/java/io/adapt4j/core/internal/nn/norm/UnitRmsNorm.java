package io.adapt4j.core.internal.nn.norm;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.StreamOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/** Root mean square normalization without a weight. */
public record UnitRmsNorm(double eps) implements Norm {

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    return StreamOps.unitRms(ops, x, eps);
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
