package io.adapt4j.core.inspect;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import java.nio.ByteBuffer;
import java.util.List;

/** Tensors of zeros, for tests that only look at headers. */
final class Headers {

  private Headers() {}

  static TensorData tensor(String name, StoredType type, Long... shape) {
    long elements = 1;
    for (long size : shape) {
      elements *= size;
    }
    int bytes = Math.toIntExact(elements * type.bytes());
    return TensorData.of(name, type, List.of(shape), () -> ByteBuffer.allocate(bytes));
  }

  static List<TensorData> f32(List<String> names) {
    return names.stream().map(name -> tensor(name, StoredType.F32, 2L, 3L)).toList();
  }
}
