package io.adapt4j.gguf.format;

import java.nio.ByteBuffer;

/**
 * Turns values into the stored bytes of a type and back, byte for byte as ggml's reference
 * implementation does.
 *
 * <p>Stateless and thread-safe: threads may quantize different rows of a tensor at the same time.
 * Whatever the order of a buffer, bytes are those of the file.
 */
public interface Quantizer {

  /**
   * Returns the quantizer of a type.
   *
   * @param type the type
   * @return its quantizer
   */
  static Quantizer of(TensorType type) {
    return Quantizers.of(type);
  }

  /** {@return the type} */
  TensorType type();

  /**
   * Quantizes values, all of equal importance.
   *
   * @param values holds the values, in whole blocks: any number of rows
   * @param offset the first
   * @param count their number, a multiple of the type's block size
   * @param target takes the bytes from its position on
   * @throws IllegalArgumentException if the blocks do not divide the number, a value is infinite or
   *     not a number, or the type cannot hold values as large; the message names the index
   */
  void quantize(float[] values, int offset, int count, ByteBuffer target);

  /**
   * Quantizes rows whose columns differ in importance: the mean square of the activations that a
   * column is multiplied with. Types without a choice of scale do the same as without it: F32, F16,
   * BF16 and Q8_0.
   *
   * @param values holds the values
   * @param offset the first
   * @param count their number, a multiple of the row's length
   * @param importance for each column of a row, none negative
   * @param target takes the bytes from its position on
   * @throws IllegalArgumentException if the blocks do not divide the row or the rows the number, a
   *     value or importance is infinite or not a number, an importance negative, or the type cannot
   *     hold values as large
   */
  void quantize(float[] values, int offset, int count, float[] importance, ByteBuffer target);

  /**
   * Dequantizes whole blocks.
   *
   * @param source holds the bytes from its position on
   * @param values takes the values
   * @param offset the first
   * @param count their number, a multiple of the type's block size
   * @throws IllegalArgumentException if the blocks do not divide the number
   */
  void dequantize(ByteBuffer source, float[] values, int offset, int count);
}
