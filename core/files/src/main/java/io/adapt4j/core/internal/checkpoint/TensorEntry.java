package io.adapt4j.core.internal.checkpoint;

import java.nio.file.Path;
import java.util.List;

/**
 * Type, shape and position of a tensor in a safetensors file. Elements are little-endian and in
 * row-major order.
 *
 * @param offset position of the first byte, from the start of the file
 */
public record TensorEntry(
    String name, StoredType type, List<Long> shape, Path file, long offset, long length) {

  /** Copies the shape. */
  public TensorEntry {
    shape = List.copyOf(shape);
  }

  /** Returns the number of elements: the product of the shape; 1 for a scalar. */
  public long elements() {
    return length / type.bytes();
  }

  /** Returns the shape as a new array. */
  public long[] dimensions() {
    return shape.stream().mapToLong(Long::longValue).toArray();
  }
}
