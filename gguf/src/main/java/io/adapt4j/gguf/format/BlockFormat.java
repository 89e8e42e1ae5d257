package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/** Block codec of a quantization type, working on plain arrays that the caller has checked. */
abstract class BlockFormat {

  private final TensorType type;

  BlockFormat(TensorType type) {
    this.type = type;
  }

  final TensorType type() {
    return type;
  }

  /**
   * Quantizes blocks of finite values.
   *
   * @param values holds the values
   * @param offset the first
   * @param blocks the number of blocks
   * @param importance importance of each column, for whole rows; null if all values are equally
   *     important
   * @param target takes the bytes
   * @param at where they begin
   */
  abstract void encode(
      float[] values, int offset, int blocks, float @Nullable [] importance, byte[] target, int at);

  /**
   * Dequantizes blocks.
   *
   * @param source holds the bytes
   * @param at where they begin
   * @param blocks the number of blocks
   * @param values takes the values
   * @param offset the first
   */
  abstract void decode(byte[] source, int at, int blocks, float[] values, int offset);

  /** {@return the byte offsets of the fp16 scales in a block} */
  abstract int[] scales();
}
