package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Tensor;

/**
 * A padded batch for an encoder; arrays are row-major [rows, length].
 *
 * @param tokenTypes token types; all 0 for single texts
 */
@SuppressWarnings("ArrayRecordComponent") // handed straight to libtorch, never compared
public record EncoderInputs(
    long[] ids, long[] attentionMask, long[] tokenTypes, long[] labels, int rows, int length) {

  public Tensor idTensor() {
    return Tensor.of(ids, rows, length);
  }

  public Tensor typeTensor() {
    return Tensor.of(tokenTypes, rows, length);
  }
}
