package io.adapt4j.gguf.format;

import java.io.IOException;
import java.nio.channels.WritableByteChannel;
import java.util.List;

/** A tensor to be written, whose bytes are produced on demand. */
public interface TensorSource {

  /** {@return the name, at most 63 bytes of UTF-8} */
  String name();

  /** {@return the dimensions, at most four, the fastest first: a matrix is [columns, rows]} */
  List<Long> shape();

  /** {@return the storage type} */
  TensorType type();

  /**
   * Writes the stored bytes, exactly as many as shape and type require.
   *
   * @param target accepts all bytes
   * @throws IOException if reading the source or writing the target fails
   */
  void writeTo(WritableByteChannel target) throws IOException;
}
