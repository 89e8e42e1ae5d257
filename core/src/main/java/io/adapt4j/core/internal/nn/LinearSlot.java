package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.function.UnaryOperator;

/** The place of a linear layer in a model, where another may be put in its stead. */
public final class LinearSlot {

  private Linear linear;

  public LinearSlot(Linear linear) {
    this.linear = linear;
  }

  /** Declares projections of one input. */
  public static LinearSlot of(
      String parent, long in, boolean bias, List<String> names, long... widths) {
    return new LinearSlot(DenseLinear.declare(in, bias, DenseLinear.parts(parent, names, widths)));
  }

  /** Declares one projection. */
  public static LinearSlot of(String path, long in, boolean bias, long out) {
    return new LinearSlot(DenseLinear.declare(in, bias, List.of(new Linear.Part(path, 0, out))));
  }

  /** Declares one projection whose weight checkpoints may store as [in, out]. */
  public static LinearSlot of(String path, long in, boolean bias, long out, boolean transposed) {
    List<Linear.Part> parts = List.of(new Linear.Part(path, 0, out));
    return new LinearSlot(DenseLinear.declare(in, bias, parts, transposed));
  }

  /**
   * Returns the layer that runs here now.
   *
   * @return the layer; the decoder closes it
   */
  public Linear linear() {
    return linear;
  }

  /** Returns the projections that run here. */
  public List<Linear.Part> parts() {
    return linear.parts();
  }

  /**
   * Puts a layer instead of the present one.
   *
   * @param change makes the new layer from the present one, which it then owns or closes
   */
  public void replace(UnaryOperator<Linear> change) {
    linear = change.apply(linear);
  }

  Tensor forward(Ops ops, Tensor x) {
    return linear.forward(ops, x);
  }

  /** The same, or without the values of the output. */
  Tensor forward(Ops ops, Tensor x, boolean computed) {
    return computed ? linear.forward(ops, x) : linear.recorded(ops, x);
  }
}
