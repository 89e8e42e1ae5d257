package io.adapt4j.core.internal.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/** Small tensors with recognizable bytes. */
final class TestTensors {

  private TestTensors() {}

  /** A tensor whose byte i is seed + i. */
  static TensorData counting(String name, StoredType type, int seed, Long... shape) {
    byte[] bytes = new byte[(int) SafetensorsHeader.byteLength(type, List.of(shape))];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (seed + i);
    }
    return TensorData.of(name, type, List.of(shape), () -> ByteBuffer.wrap(bytes));
  }

  static TensorData floats(String name, float... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : values) {
      bytes.putFloat(value);
    }
    bytes.flip();
    return TensorData.of(name, StoredType.F32, List.of((long) values.length), () -> bytes);
  }

  static byte[] array(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }
}
