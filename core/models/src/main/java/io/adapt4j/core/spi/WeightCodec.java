package io.adapt4j.core.spi;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/**
 * A custom memory format of the frozen weights of linear layers: each row of a matrix as a fixed
 * number of bytes. Use it with {@code WeightFormat.custom}. Rows are encoded when a model is
 * loaded, and decoded for every product and its gradient; embeddings, norms, biases and the output
 * layer stay as they are.
 *
 * <p>Both methods are called on several threads at the same time, for different rows. Buffers have
 * position 0, are little-endian, and must not be kept: the memory behind them may be freed after
 * the call.
 */
public interface WeightCodec {

  /**
   * Returns the codec's name for logs and errors.
   *
   * @return a text that is not blank
   */
  String name();

  /**
   * Returns the options of the codec as text.
   *
   * @return all options that change the decoded weights, such as {@code block=64}; empty by default
   */
  default String options() {
    return "";
  }

  /**
   * Returns the size of an encoded row, from which the memory of a run is planned.
   *
   * @param columns number of weights of the row, at least 1: the width of a layer's input
   * @return bytes, at least 1
   */
  int rowBytes(int columns);

  /**
   * Encodes a row.
   *
   * @param row the weights, finite; read-only
   * @param bytes receives {@link #rowBytes} bytes, initially 0
   */
  void encode(FloatBuffer row, ByteBuffer bytes);

  /**
   * Decodes a row.
   *
   * @param bytes the output of {@link #encode}; read-only
   * @param row receives the weights, all of which must be written; loading fails if one is not
   *     finite
   */
  void decode(ByteBuffer bytes, FloatBuffer row);
}
