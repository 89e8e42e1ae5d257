package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;

/**
 * Takes a linear layer apart into products that are added up, for kernels that compute with them
 * directly. Modules with weights of another form extend it.
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
