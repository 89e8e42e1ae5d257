package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.Tensor;

/**
 * Product of one input with several weights at once, concatenated. The caller that obtained it
 * closes it.
 */
public interface FourBitProduct extends AutoCloseable {

  /**
   * Multiplies as {@link FourBitMatrix#multiply} does.
   *
   * @param x [n, columns]
   * @param y [n, sum of the weights' rows], overwritten: the columns of the first weight first
   */
  void multiply(Tensor x, Tensor y);

  /** Leaves the weights open. */
  @Override
  void close();
}
