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
   * @param importance importance of each column, for whole rows; null if all values are equally
   *     important
   * @param target takes the bytes
   */
  abstract void encode(
      float[] values, int offset, int blocks, float @Nullable [] importance, byte[] target, int at);

  /**
   * Dequantizes blocks.
   *
   * @param source holds the bytes
   */
  abstract void decode(byte[] source, int at, int blocks, float[] values, int offset);

  /** {@return the byte offsets of the fp16 scales in a block} */
  abstract int[] scales();
}
