package io.adapt4j.core.internal.nn.linear;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;

/**
 * Receives the products that a linear layer is a sum of, for kernels that compute with them
 * directly. Modules with other forms of weights extend it.
 */
public interface LinearTerms {

  /**
   * Adds the base product x W' + b.
   *
   * @param weight W [out, in]
   * @param bias b [out], or null
   */
  void dense(Parameter weight, Parameter bias);

  /**
   * Adds x A' B' of an adapter.
   *
   * @param a [rank, in]
   * @param b [out, rank], scale included
   */
  void lowRank(AttachedAdapter adapter, boolean on, Tensor a, Tensor b);
}
