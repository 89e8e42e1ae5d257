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
     */
    void writeTo(WritableByteChannel channel) throws IOException;
  }

  /**
   * Makes a tensor with its own copy of the shape.
   *
   * @param content gives the bytes
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
   * @param bytes gives a buffer with the bytes between its position and limit; called once
   */
  public static TensorData of(
      String name, StoredType type, List<Long> shape, Supplier<ByteBuffer> bytes) {
    return new TensorData(name, type, shape, channel -> channel.write(bytes.get().duplicate()));
  }

  /** Returns the size in bytes. */
  public long length() {
    return SafetensorsHeader.byteLength(type, shape);
  }
}
