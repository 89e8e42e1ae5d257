package io.adapt4j.core.internal.nn.norm;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.op.StreamOps;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Layer normalization of each head to mean 0 and variance 1, with separate weights and without a
 * bias. Its input has all heads side by side.
 *
 * @param weight [heads, width] or [heads width]
 */
public record HeadsLayerNorm(Parameter weight, long width, double eps) implements Norm {

  /**
   * Declares the norm of some heads.
   *
   * @param apart whether each head's weight is a separate tensor, {@code PATH.INDEX.weight}
   */
  public static HeadsLayerNorm declare(
      String path, int heads, long width, double eps, boolean apart) {
    if (!apart) {
      return new HeadsLayerNorm(Parameter.of(path + ".weight", heads, width), width, eps);
    }
    List<Parameter.Slice> slices =
        IntStream.range(0, heads)
            .mapToObj(i -> new Parameter.Slice(path + "." + i + ".weight", i * width, width))
            .toList();
    return new HeadsLayerNorm(new Parameter(slices, heads * width), width, eps);
  }

  @Override
  public Tensor forward(Ops ops, Tensor x) {
    long[] sizes = x.sizes();
    long[] apart = {sizes[0], sizes[1], sizes[2] / width, width};
    Tensor unit = StreamOps.unitNorm(ops, StreamOps.shaped(ops, x, apart), eps);
    return weight.sizes().length == 1
        ? StreamOps.times(ops, StreamOps.shaped(ops, unit, sizes), weight)
        : StreamOps.shaped(ops, StreamOps.times(ops, unit, weight), sizes);
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
