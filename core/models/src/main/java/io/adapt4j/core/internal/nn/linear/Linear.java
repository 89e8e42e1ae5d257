package io.adapt4j.core.internal.nn.linear;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;

/**
 * A linear layer, y = x W' + b, or a replacement of one.
 *
 * <p>Projections that share their input (query, key and value; gate and up) are one layer with
 * several {@link Part}s, whose outputs are concatenated.
 */
public interface Linear extends AutoCloseable {

  /** One projection of the layer, under the family's name for it. */
  record Part(String path, long start, long width) {
    /** Returns the name by which users target the projection. */
    public String name() {
      return path.substring(path.lastIndexOf('.') + 1);
    }
  }

  List<Part> parts();

  /** Returns the width of the input. */
  long inFeatures();

  /** Returns the width of the output. */
  long outFeatures();

  /**
   * Applies the layer.
   *
   * @param x [.., in]
   * @return [.., out], a tensor nothing else refers to
   */
  Tensor forward(Ops ops, Tensor x);

  /**
   * Records the layer for a pass in which only its gradient matters: the output need not be
   * computed.
   *
   * @return [.., out], with undefined values
   */
  default Tensor recorded(Ops ops, Tensor x) {
    return forward(ops, x);
  }

  /** Returns the weights and biases this layer owns: the parameters that {@link #close} closes. */
  List<Parameter> parameters();

  /** Decomposes the layer into products, if possible. */
  default boolean describe(LinearTerms terms) {
    return false;
  }

  /** Returns the layer that holds the base weight. */
  default Linear innermost() {
    return this;
  }

  /**
   * Initializes a trainable low-rank update so that the first outputs for some inputs get as close
   * to 0 as its rank allows.
   *
   * @param inputs F32 [N, in]
   * @return whether there is such an update
   */
  default boolean cancelOutputs(long width, Tensor inputs) {
    return false;
  }

  default void allocate(DType type) {
    parameters().forEach(parameter -> parameter.allocate(type));
  }

  /** Closes what the layer owns. */
  @Override
  default void close() {
    parameters().forEach(Parameter::close);
  }
}
