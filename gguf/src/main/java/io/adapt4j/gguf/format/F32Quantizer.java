package io.adapt4j.gguf.format;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Values as they are. */
final class F32Quantizer extends BlockQuantizer {

  F32Quantizer() {
    super(TensorType.F32);
  }

  @Override
  void encode(float[] values, int offset, int blocks, byte[] target, int at) {
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
