package io.adapt4j.gguf.format;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.List;

/** A tensor to be written, whose bytes are made when their turn comes. */
public interface TensorSource {

  /** {@return the name, at most 63 bytes of UTF-8} */
  String name();

  /** {@return the dimensions, at most four, the fastest first: a matrix is [columns, rows]} */
  List<Long> shape();

  /** {@return how the values are stored} */
  TensorType type();

  /**
   * Writes the stored bytes, exactly as many as shape and type take.
   *
   * @param target takes all bytes it is given
   * @throws IOException if the source cannot be read or the target not written
   */
  void writeTo(WritableByteChannel target) throws IOException;
}
