package io.adapt4j.core.spi;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;

/**
 * How the frozen weights of linear layers are held in memory: each row of a matrix as so many
 * bytes. {@code WeightFormat.custom} makes a format of it. Rows are encoded when a model is loaded,
 * and decoded for every product and for its derivative; embeddings, norms, biases and the output
 * layer stay as they are.
 *
 * <p>Both methods are called on several threads at the same time, for different rows. Buffers have
 * position 0, are in little-endian order, and must not be kept: the memory behind them may be freed
 * after the call.
 */
public interface WeightCodec {

  /**
   * Returns what the codec is called in logs and errors.
   *
   * @return a text that is not blank
   */
  String name();

  /**
   * Returns the options of the codec as text.
   *
   * @return all that changes the decoded weights, such as {@code block=64}; empty by default
   */
  default String options() {
    return "";
  }

  /**
   * Returns what a row takes, by which the memory of a run is planned.
   *
   * @param columns weights of the row, at least 1: the width of a layer's input
   * @return bytes, at least 1
   */
  int rowBytes(int columns);

  /**
   * Encodes a row.
   *
   * @param row the weights, finite; read-only
   * @param bytes takes {@link #rowBytes} bytes, all 0 before
   */
  void encode(FloatBuffer row, ByteBuffer bytes);

  /**
   * Decodes a row.
   *
   * @param bytes what {@link #encode} wrote; read-only
   * @param row takes the weights, each of them to be written; loading fails if one is not finite
   */
  void decode(ByteBuffer bytes, FloatBuffer row);
}
