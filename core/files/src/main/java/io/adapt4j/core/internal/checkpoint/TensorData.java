package io.adapt4j.core.internal.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;

/**
 * A tensor to write. Its bytes are requested once, when it is written, so that only one tensor
 * needs to be in memory at a time.
 *
 * @param content provides the bytes: little-endian, row-major, exactly {@link #length()} of them
 */
public record TensorData(String name, StoredType type, List<Long> shape, Content content) {

  /** Writes the bytes of one tensor. */
  @FunctionalInterface
  public interface Content {
    /** Writes all bytes of the tensor. Every write to this channel is complete. */
    void writeTo(WritableByteChannel channel) throws IOException;
  }

  /** Validates the name and copies the shape. */
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
   * Creates a tensor whose bytes come from a supplier.
   *
   * @param bytes returns a buffer with the bytes between its position and limit; called once
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
