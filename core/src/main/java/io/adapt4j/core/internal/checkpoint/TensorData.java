package io.adapt4j.core.internal.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * A tensor to write. Its bytes are asked for once, when its turn comes, so that only one tensor
 * needs to be in memory at a time.
 *
 * @param name the tensor's name
 * @param type the element type
 * @param shape the size of each dimension; empty for a scalar
 * @param content gives the bytes: little-endian, row-major, exactly {@link #length()} of them
 */
public record TensorData(String name, StoredType type, List<Long> shape, Content content) {

  /** Writes the bytes of one tensor. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes all bytes of the tensor. A write to this channel takes everything it is given.
     *
     * @param channel where the bytes go; the caller closes it
     * @throws IOException if the bytes cannot be produced or written
     */
    void writeTo(WritableByteChannel channel) throws IOException;
  }

  /**
   * Makes a tensor with its own copy of the shape.
   *
   * @param name the tensor's name
   * @param type the element type
   * @param shape the size of each dimension
   * @param content gives the bytes
   * @throws IllegalArgumentException if the name is empty or reserved, a dimension is negative, or
   *     the size in bytes overflows a long
   */
  public TensorData {
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(content, "content");
    shape = List.copyOf(shape);
    if (name.isEmpty() || name.equals(SafetensorsHeader.METADATA)) {
      throw new IllegalArgumentException(
          "tensor name '" + name + "' is empty or reserved; choose another");
    }
    if (SafetensorsHeader.byteLength(type, shape) < 0) {
      throw new IllegalArgumentException(
          "tensor '"
              + name
              + "': expected non-negative dimensions whose size in bytes fits a long, found "
              + shape);
    }
  }

  /**
   * Makes a tensor whose bytes a supplier gives.
   *
   * @param name the tensor's name
   * @param type the element type
   * @param shape the size of each dimension
   * @param bytes gives a buffer with the bytes between its position and limit; called once
   * @return the tensor
   */
  public static TensorData of(
      String name, StoredType type, List<Long> shape, Supplier<ByteBuffer> bytes) {
    return new TensorData(name, type, shape, channel -> channel.write(bytes.get().duplicate()));
  }

  /**
   * Returns the size in bytes.
   *
   * @return the product of the shape times the element size
   */
  public long length() {
    return SafetensorsHeader.byteLength(type, shape);
  }
}
