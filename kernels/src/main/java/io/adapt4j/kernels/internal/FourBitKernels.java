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

  /** Quantizes a run of whole blocks, of which the last may be short. */
  boolean quantize(
      FourBitFormat format,
      StoredType type,
      ByteBuffer values,
      int count,
      ByteBuffer packed,
      float[] absmax,
      int block);

  /** Dequantizes a run of weights. */
  void dequantize(QuantizedTensor tensor, long first, float[] target, int count);

  /**
   * Takes a weight matrix over to compute with.
   *
   * @return the matrix; the caller closes it
   */
  FourBitMatrix matrix(QuantizedTensor tensor);

  /**
   * Joins weights of one input, to multiply by all of them at once.
   *
   * @return the product; the caller closes it
   */
  default FourBitProduct product(List<FourBitMatrix> matrices) {
    return new EachInTurn(matrices);
  }
}
