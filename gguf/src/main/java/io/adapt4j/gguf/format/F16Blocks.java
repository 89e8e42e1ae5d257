package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/** F16: rounded to nearest. */
final class F16Blocks extends BlockFormat {

  F16Blocks() {
    super(TensorType.F16);
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
      int half = Half.of(values[offset + i]);
      if ((half & Half.INFINITY) == Half.INFINITY) {
        throw new UnstorableValueException(i, "a magnitude that F16 can hold", values[offset + i]);
      }
      Half.put(target, at + i * Short.BYTES, half);
    }
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    for (int i = 0; i < blocks; i++) {
      values[offset + i] = Half.getFloat(source, at + i * Short.BYTES);
    }
  }

  @Override
  int[] scales() {
    return new int[0];
  }
}
