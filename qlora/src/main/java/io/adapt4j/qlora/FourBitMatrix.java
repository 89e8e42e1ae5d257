package io.adapt4j.qlora;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;

/**
 * A 4-bit weight of a linear layer in the form that one implementation computes with. Whoever asked
 * for it closes it.
 */
interface FourBitMatrix extends AutoCloseable {

  /** Outputs of the layer. */
  int rows();

  /** Inputs of the layer. */
  int columns();

  /** The memory it holds: codes, scales, and whatever the implementation keeps beside them. */
  long bytes();

  /**
   * Tells whether the codes are in memory of its own, so that those it was made from may go.
   *
   * @return false where it reads them where they were
   */
  default boolean holdsCodes() {
    return false;
  }

  /**
   * Restores the weight.
   *
   * @param target [rows, columns], contiguous, F32, F16 or BF16; each weight is the exact product
   *     of its number and its scale in fp32, rounded once
   */
  void dequantise(Tensor target);

  /**
   * Multiplies without restoring the weight: y = x W'.
   *
   * @param x [n, columns], contiguous, F32 or BF16
   * @param y [n, outputs], contiguous, of the type of x; columns {@code first} to {@code first +
   *     rows} are overwritten. Sums are formed in fp32 or better
   * @param first the first column of y
   */
  void multiply(Tensor x, Tensor y, int first);

  /**
   * Tells whether {@link #multiply} is worth it against restoring the weight and multiplying by
   * libtorch.
   *
   * @param n rows of x
   */
  boolean multipliesFaster(long n);

  /**
   * Tells the same where it depends on the type.
   *
   * @param type of x: F32 or BF16
   * @param n rows of x
   */
  default boolean multipliesFaster(DType type, long n) {
    return multipliesFaster(n);
  }

  @Override
  void close();
}
