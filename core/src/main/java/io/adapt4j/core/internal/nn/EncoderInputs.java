package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.tensor.Tensor;

/**
 * A padded batch for an encoder; arrays are row-major [rows, length].
 *
 * @param ids token ids
 * @param attentionMask 1 on tokens, 0 on padding
 * @param tokenTypes token types; all 0 for single texts
 * @param labels one a token ({@value TargetRows#IGNORED} where there is none) for masked tokens,
 *     one a row for classes; empty where nothing is learned
 * @param rows B
 * @param length T
 */
@SuppressWarnings("ArrayRecordComponent") // handed straight to libtorch, never compared
public record EncoderInputs(
    long[] ids, long[] attentionMask, long[] tokenTypes, long[] labels, int rows, int length) {

  Tensor idTensor() {
    return Tensor.of(ids, rows, length);
  }

  Tensor typeTensor() {
    return Tensor.of(tokenTypes, rows, length);
  }
}
