package io.adapt4j.core.internal.nn.linear;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.util.List;
import java.util.function.UnaryOperator;

/** Slot of a linear layer in a model, in which it can be replaced. */
public final class LinearSlot {

  private Linear linear;
  private boolean readDirectly;

  public LinearSlot(Linear linear) {
    this.linear = linear;
  }

  /** Declares projections that share an input. */
  public static LinearSlot of(
      String parent, long in, boolean bias, List<String> names, long... widths) {
    return new LinearSlot(DenseLinear.declare(in, bias, DenseLinear.parts(parent, names, widths)));
  }

  /** Declares projections that share an input, one of which has no bias. */
  public static LinearSlot withoutBiasOf(
      String unbiased, String parent, long in, List<String> names, long... widths) {
    List<Linear.Part> parts = DenseLinear.parts(parent, names, widths);
    List<Linear.Part> biased =
        parts.stream().filter(part -> !part.name().equals(unbiased)).toList();
    return new LinearSlot(DenseLinear.declare(in, parts, biased));
  }

  /** Declares one projection. */
  public static LinearSlot of(String path, long in, boolean bias, long out) {
    return new LinearSlot(DenseLinear.declare(in, bias, List.of(new Linear.Part(path, 0, out))));
  }

  /** Declares one projection that is never trained. */
  public static LinearSlot fixed(String path, long in, long out) {
    return new LinearSlot(DenseLinear.fixed(path, in, out));
  }

  /** Declares one projection whose weight checkpoints may store as [in, out]. */
  public static LinearSlot of(String path, long in, boolean bias, long out, boolean transposed) {
    List<Linear.Part> parts = List.of(new Linear.Part(path, 0, out));
    return new LinearSlot(DenseLinear.declare(in, bias, parts, transposed));
  }

  /** Returns the current layer, which the decoder closes. */
  public Linear linear() {
    return linear;
  }

  /** Returns the current layer's projections. */
  public List<Linear.Part> parts() {
    return linear.parts();
  }

  /** Declares that its mixer also reads the weight itself, which is therefore not quantized. */
  public void readDirectly() {
    readDirectly = true;
  }

  /** Returns whether the weight is also read apart from the layer's products. */
  public boolean isReadDirectly() {
    return readDirectly;
  }

  /**
   * Replaces the layer.
   *
   * @param change creates the new layer from the present one, which it then owns or closes
   */
  public void replace(UnaryOperator<Linear> change) {
    linear = change.apply(linear);
  }

  public Tensor forward(Ops ops, Tensor x) {
    return linear.forward(ops, x);
  }

  /** Applies the layer, or only records it if the output is not needed. */
  public Tensor forward(Ops ops, Tensor x, boolean computed) {
    return computed ? linear.forward(ops, x) : linear.recorded(ops, x);
  }
}
