package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Ops;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/**
 * A linear layer: y = x W' + b, or anything that stands in for one.
 *
 * <p>Projections that share their input (query, key and value; gate and up) are one layer of
 * several {@link Part}s whose outputs lie side by side.
 */
public interface Linear extends AutoCloseable {

  /**
   * One projection of the layer, under the name the family gives it.
   *
   * @param path its module path, such as {@code model.layers.0.self_attn.q_proj}
   * @param start its first output
   * @param width its number of outputs
   */
  record Part(String path, long start, long width) {
    /**
     * Returns the name by which users target the projection.
     *
     * @return the last component of the path
     */
    public String name() {
      return path.substring(path.lastIndexOf('.') + 1);
    }
  }

  /**
   * Returns the projections.
   *
   * @return left to right, at least one
   */
  List<Part> parts();

  /**
   * Returns the width of the input.
   *
   * @return entries a position
   */
  long inFeatures();

  /**
   * Returns the width of the output.
   *
   * @return entries a position, all parts together
   */
  long outFeatures();

  /**
   * Applies the layer.
   *
   * @param ops the operators to use
   * @param x [.., in]
   * @return [.., out], a tensor nothing else refers to
   */
  Tensor forward(Ops ops, Tensor x);

  /**
   * Records the layer where only its derivative is of use: the values of the output need not be
   * computed.
   *
   * @param ops the operators to use, recording
   * @param x [.., in]
   * @return [.., out], whose values are not defined
   */
  default Tensor recorded(Ops ops, Tensor x) {
    return forward(ops, x);
  }

  /**
   * Returns the weights and biases this layer owns.
   *
   * @return the parameters that {@link #close} closes
   */
  List<Parameter> parameters();

  /**
   * Takes the layer apart into products.
   *
   * @param terms takes the products in the order in which they are added
   * @return whether that is all the layer does; where not, what terms got is of no use
   */
  default boolean describe(LinearTerms terms) {
    return false;
  }

  /**
   * Returns the layer that holds the base weight.
   *
   * @return this layer, or the one under all adapters
   */
  default Linear innermost() {
    return this;
  }

  /**
   * Gives the parameters memory.
   *
   * @param type the compute type
   */
  default void allocate(DType type) {
    parameters().forEach(parameter -> parameter.allocate(type));
  }

  /** Closes what the layer owns. */
  @Override
  default void close() {
    parameters().forEach(Parameter::close);
  }
}
