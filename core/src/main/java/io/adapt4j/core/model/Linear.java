package io.adapt4j.core.model;

import io.adapt4j.core.engine.DType;
import io.adapt4j.core.engine.Ops;
import io.adapt4j.core.engine.Parameter;
import io.adapt4j.core.engine.Tensor;
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
    /** The last component of the path, by which users target it. */
    public String name() {
      return path.substring(path.lastIndexOf('.') + 1);
    }
  }

  /** The projections, left to right. */
  List<Part> parts();

  /** Width of the input. */
  long inFeatures();

  /** Width of the output: all parts together. */
  long outFeatures();

  /**
   * Applies the layer.
   *
   * @param ops the operators to use
   * @param x [.., in]
   * @return [.., out], a tensor nothing else refers to
   */
  Tensor forward(Ops ops, Tensor x);

  /** The weights and biases this layer owns. */
  List<Parameter> parameters();

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
