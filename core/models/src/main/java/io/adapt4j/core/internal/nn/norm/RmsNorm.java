package io.adapt4j.core.internal.nn.norm;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/** Root mean square normalization. */
public record RmsNorm(Parameter weight, double offset, double eps) implements Norm {

  public static RmsNorm declare(String path, long width, double offset, double eps) {
    return new RmsNorm(Parameter.of(path + ".weight", width), offset, eps);
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    return ops.rmsNorm(x, weight, offset, eps);
  }

  @Override
  public Tensor ofSum(Ops ops, Tensor x, Tensor added) {
    return forward(ops, ops.add(x, added));
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weight);
  }
}
