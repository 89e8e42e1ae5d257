package io.adapt4j.gguf.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** F32: values unchanged. */
final class F32Blocks extends BlockFormat {

  F32Blocks() {
    super(TensorType.F32);
  }

  @Override
  void encode(
      float[] values,
      int offset,
      int blocks,
      float @Nullable [] importance,
      byte[] target,
      int at) {
    ByteBuffer.wrap(target, at, blocks * Float.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .put(values, offset, blocks);
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    ByteBuffer.wrap(source, at, blocks * Float.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(values, offset, blocks);
  }

  @Override
  int[] scales() {
    return new int[0];
  }
}
