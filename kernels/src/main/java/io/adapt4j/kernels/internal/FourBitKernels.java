package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.checkpoint.StoredType;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The arithmetic on 4-bit weights: the seam between whoever holds such weights and what computes
 * with them. {@link JavaKernels} is the reference that every other implementation is compared with.
 * Implementations are thread-safe.
 */
public interface FourBitKernels {

  /** {@return what log lines and errors call this implementation} */
  String name();

  /**
   * Quantizes a run of whole blocks, of which the last may be short.
   *
   * @param format number format and block size
   * @param type F32, F16 or BF16
   * @param values numbers of that type from index 0 on, little-endian, in direct memory
   * @param count how many of them
   * @param packed takes the codes from its position on, which moves behind them
   * @param absmax takes the scales
   * @param block where in {@code absmax} the first of them goes
   * @return whether all numbers are finite; where not, nothing of the result is of use
   */
  boolean quantize(
      FourBitFormat format,
      StoredType type,
      ByteBuffer values,
      int count,
      ByteBuffer packed,
      float[] absmax,
      int block);

  /**
   * Dequantizes a run of weights.
   *
   * @param tensor the quantized tensor
   * @param first index of the first weight along the flattened tensor; any, also within a block
   * @param target takes the weights from index 0 on
   * @param count how many
   */
  void dequantize(QuantizedTensor tensor, long first, float[] target, int count);

  /**
   * Takes a weight matrix over to compute with.
   *
   * @param tensor the quantized tensor, of two dimensions; its buffers stay as they are while the
   *     matrix is open, unless it {@linkplain FourBitMatrix#holdsCodes holds its own}
   * @return the matrix; the caller closes it
   */
  FourBitMatrix matrix(QuantizedTensor tensor);

  /**
   * Joins weights of one input, to multiply by all of them at once.
   *
   * @param matrices what {@link #matrix} returned, at least one, of as many columns each; they stay
   *     open while the product is
   * @return the product; the caller closes it
   */
  default FourBitProduct product(List<FourBitMatrix> matrices) {
    return new EachInTurn(matrices);
  }
}
