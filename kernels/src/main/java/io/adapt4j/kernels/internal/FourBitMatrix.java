package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;

/**
 * A 4-bit weight of a linear layer, in the form that one implementation computes with. The caller
 * that obtained it closes it.
 */
public interface FourBitMatrix extends AutoCloseable {

  /** {@return the outputs of the layer} */
  int rows();

  /** {@return the inputs of the layer} */
  int columns();

  /** {@return the memory it holds in bytes: codes, scales, and any data of the implementation} */
  long bytes();

  /** Returns whether it holds its own copy of the codes, so that the source may be freed. */
  default boolean holdsCodes() {
    return false;
  }

  /**
   * Dequantizes the weight. Shape of {@code target}: [rows, columns], contiguous, F32, F16 or BF16;
   * each weight is the exact product of its code's value and its scale in fp32, rounded once.
   */
  void dequantize(Tensor target);

  /**
   * Multiplies without dequantizing the weight: y = x W'.
   *
   * @param x [n, columns], contiguous, F32 or BF16
   * @param y [n, outputs], contiguous, of the type of x; columns {@code first} to {@code first +
   *     rows} are overwritten. Sums are accumulated in fp32 or better
   */
  void multiply(Tensor x, Tensor y, int first);

  /**
   * Returns whether {@link #multiply} is faster than dequantizing the weight and multiplying by
   * libtorch.
   */
  boolean multipliesFaster(long n);

  /** Returns whether {@link #multiply} is faster for inputs of a type. */
  default boolean multipliesFaster(DType type, long n) {
    return multipliesFaster(n);
  }

  @Override
  void close();
}
