package io.adapt4j.core.internal.nn.norm;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.StreamOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/** Learned factors of a branch's entries instead of a norm (Touvron et al. 2021). */
public record LayerScale(Parameter factors) implements Norm {

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    return StreamOps.times(ops, x, factors);
  }

  @Override
  public Tensor ofSum(Ops ops, Tensor x, Tensor added) {
    return forward(ops, ops.add(x, added));
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(factors);
  }
}
