package io.adapt4j.core.internal.checkpoint;

import io.adapt4j.core.exception.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;

/**
 * A file of tensors that is open for reading. Thread-safe. The caller closes it; a second close
 * does nothing.
 */
public interface TensorFile extends AutoCloseable {

  /** {@return the path the file was opened with} */
  Path file();

  /** Returns the tensors by name, in the order of their data. */
  Map<String, TensorEntry> entries();

  /** Returns one tensor's place and shape. */
  default TensorEntry entry(String name) {
    TensorEntry entry = entries().get(name);
    if (entry == null) {
      throw CheckpointException.inTensor(
          file(),
          name,
          "the tensor in this file",
          entries().size() + " others",
          "Check the name against the file's list of tensors.");
    }
    return entry;
  }

  /**
   * Returns a whole tensor.
   *
   * @return a read-only, little-endian view of its bytes
   */
  default ByteBuffer bytes(String name) {
    TensorEntry entry = entry(name);
    if (entry.length() > Integer.MAX_VALUE) {
      throw CheckpointException.inTensor(
          file(),
          name,
          "at most " + Integer.MAX_VALUE + " bytes for one view",
          entry.length() + " bytes",
          "Read it in pieces with bytes(name, offset, length).");
    }
    return bytes(name, 0, (int) entry.length());
  }

  /**
   * Returns a piece of a tensor.
   *
   * @param offset first byte of the piece, from the start of the tensor
   * @param length size of the piece in bytes
   * @return a read-only, little-endian view of these bytes
   */
  ByteBuffer bytes(String name, long offset, int length);

  /** Copies a piece of a tensor into memory the caller has. */
  void read(String name, long offset, ByteBuffer target);

  /**
   * Returns what a tensor takes in the file.
   *
   * @return bytes; fewer than its entry says where it is stored quantized
   */
  default long storedBytes(String name) {
    return entry(name).length();
  }

  /** Returns what the type of a tensor's values is called in the file. */
  default String storedType(String name) {
    return entry(name).type().name();
  }

  @Override
  void close();
}
