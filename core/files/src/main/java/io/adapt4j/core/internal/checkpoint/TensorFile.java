package io.adapt4j.core.internal.checkpoint;

import io.adapt4j.core.exception.CheckpointException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Map;

/**
 * A file of tensors open for reading. Thread-safe. The caller closes it; a second close has no
 * effect.
 */
public interface TensorFile extends AutoCloseable {

  /** {@return the path the file was opened with} */
  Path file();

  /** Returns the tensors by name, in the order of their data. */
  Map<String, TensorEntry> entries();

  /** Returns one tensor's shape and position. */
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

  /** Returns a whole tensor: a read-only, little-endian view of its bytes. */
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
   * Returns part of a tensor.
   *
   * @param offset first byte of the part, from the start of the tensor
   * @return a read-only, little-endian view of these bytes
   */
  ByteBuffer bytes(String name, long offset, int length);

  /** Copies part of a tensor into the caller's memory. */
  void read(String name, long offset, ByteBuffer target);

  /**
   * Returns a tensor's size in the file in bytes; fewer than its entry says if it is stored
   * quantized.
   */
  default long storedBytes(String name) {
    return entry(name).length();
  }

  /** Returns the name that the file uses for the type of a tensor's values. */
  default String storedType(String name) {
    return entry(name).type().name();
  }

  @Override
  void close();
}
