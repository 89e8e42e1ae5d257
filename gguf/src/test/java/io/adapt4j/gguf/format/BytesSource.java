package io.adapt4j.gguf.format;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;

/** A tensor of given bytes. */
final class BytesSource implements TensorSource {

  private final String name;
  private final List<Long> shape;
  private final TensorType type;
  private final byte[] bytes;

  BytesSource(String name, List<Long> shape, TensorType type, byte[] bytes) {
    this.name = name;
    this.shape = List.copyOf(shape);
    this.type = type;
    this.bytes = bytes;
  }

  /** A tensor whose bytes count upward from its number of dimensions. */
  static BytesSource counting(String name, TensorType type, Long... shape) {
    long elements = GgufHeader.elements(List.of(shape));
    byte[] bytes = new byte[(int) type.bytes(elements)];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (i + shape.length);
    }
    return new BytesSource(name, List.of(shape), type, bytes);
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public List<Long> shape() {
    return shape;
  }

  @Override
  public TensorType type() {
    return type;
  }

  byte[] bytes() {
    return bytes;
  }

  @Override
  public void writeTo(WritableByteChannel target) throws IOException {
    target.write(ByteBuffer.wrap(bytes));
  }

  @Override
  public String toString() {
    return type + " " + shape;
  }
}
