package io.adapt4j.gguf.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** F32: values unchanged. */
final class F32 extends BlockFormat {

  F32() {
    super(0, 1, Float.BYTES);
  }

  @Override
  void encode(float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
    ByteBuffer.wrap(out, at, blocks * Float.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .put(values, pos, blocks);
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    ByteBuffer.wrap(source, at, blocks * Float.BYTES)
        .order(ByteOrder.LITTLE_ENDIAN)
        .asFloatBuffer()
        .get(values, offset, blocks);
  }
}
