package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/** BF16: the upper half of a float, rounded to nearest even. */
final class Bf16Blocks extends BlockFormat {

  private static final int INFINITY = 0x7F80;

  Bf16Blocks() {
    super(TensorType.BF16);
  }

  @Override
  void encode(
      float[] values,
      int offset,
      int blocks,
      float @Nullable [] importance,
      byte[] target,
      int at) {
    for (int i = 0; i < blocks; i++) {
      int bits = Float.floatToRawIntBits(values[offset + i]);
      int rounded = (bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16;
      if ((rounded & INFINITY) == INFINITY) {
        throw new UnstorableValueException(i, "a magnitude that BF16 can hold", values[offset + i]);
      }
      Half.put(target, at + i * Short.BYTES, rounded);
    }
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    for (int i = 0; i < blocks; i++) {
      values[offset + i] = Float.intBitsToFloat(Half.get(source, at + i * Short.BYTES) << 16);
    }
  }

  @Override
  int[] scales() {
    return new int[0];
  }
}
