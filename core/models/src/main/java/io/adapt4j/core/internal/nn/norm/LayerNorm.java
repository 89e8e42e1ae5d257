package io.adapt4j.core.internal.nn.norm;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.stream.Stream;

/** Layer normalization: to mean 0 and variance 1. */
public record LayerNorm(Parameter weight, double offset, Parameter bias, double eps)
    implements Norm {

  public static LayerNorm declare(String path, long width, boolean bias, double eps) {
    return declare(path, width, 0, bias, eps);
  }

  public static LayerNorm declare(
      String path, long width, double offset, boolean bias, double eps) {
    return new LayerNorm(
        Parameter.of(path + ".weight", width),
        offset,
        bias ? Parameter.of(path + ".bias", width) : null,
        eps);
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    return offset == 0
        ? ops.layerNorm(x, weight, bias, eps)
        : ops.layerNorm(x, weight, offset, bias, eps);
  }

  @Override
  public Tensor ofSum(Ops ops, Tensor x, Tensor added) {
    return offset == 0
        ? ops.layerNormOfSum(x, added, weight, bias, eps)
        : forward(ops, ops.add(x, added));
  }

  @Override
  public List<Parameter> parameters() {
    return Stream.of(weight, bias).filter(parameter -> parameter != null).toList();
  }
}
