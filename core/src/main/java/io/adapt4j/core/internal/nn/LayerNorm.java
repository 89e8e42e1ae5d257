package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/**
 * Normalization to mean 0 and variance 1.
 *
 * @param weight one factor an entry
 * @param bias added afterwards, or null
 * @param eps added to the variance
 */
public record LayerNorm(Parameter weight, Parameter bias, double eps) implements Norm {

  public static LayerNorm declare(String path, long width, boolean bias, double eps) {
    return new LayerNorm(
        Parameter.of(path + ".weight", width),
        bias ? Parameter.of(path + ".bias", width) : null,
        eps);
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    return ops.layerNorm(x, weight, bias, eps);
  }

  @Override
  public Tensor ofSum(Ops ops, Tensor x, Tensor added) {
    return ops.layerNormOfSum(x, added, weight, bias, eps);
  }

  @Override
  public List<Parameter> parameters() {
    return Stream.of(weight, bias).filter(parameter -> parameter != null).toList();
  }
}
