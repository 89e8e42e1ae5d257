package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.checkpoint.StoredType;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Interface of 4-bit weight arithmetic. {@link JavaKernels} is the reference implementation.
 * Implementations are thread-safe.
 */
public interface FourBitKernels {

  /** {@return the implementation's name in log lines and errors} */
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

  /** Prepares a weight matrix for computing. */
  FourBitMatrix matrix(QuantizedTensor tensor);

  /**
   * Prepares a weight matrix for computing with decoding steps that round inputs to 8 bits. Its
   * scales may be rounded to fp16.
   */
  default FourBitMatrix matrixForInt8Inputs(QuantizedTensor tensor) {
    return matrix(tensor);
  }

  /**
   * Returns whether {@link #matrixForInt8Inputs} rearranges weights of a format in rows of a length
   * into {@link BlockType#NF4} or {@link BlockType#FP4}.
   */
  default boolean rearranges(FourBitFormat format, long columns) {
    return false;
  }

  /** Joins weights of one input, to multiply by all at once. */
  default FourBitProduct product(List<FourBitMatrix> matrices) {
    return new EachInTurn(matrices);
  }
}
