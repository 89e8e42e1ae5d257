package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/** F16: rounded to nearest. */
final class F16 extends BlockFormat {

  F16() {
    super(1, 1, Short.BYTES);
  }

  @Override
  void encode(float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
    for (int i = 0; i < blocks; i++) {
      int half = Half.of(values[pos + i]);
      if ((half & Half.INFINITY) == Half.INFINITY) {
        throw new UnstorableValueException(i, "a magnitude that F16 can hold", values[pos + i]);
      }
      Half.put(out, at + i * Short.BYTES, half);
    }
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    for (int i = 0; i < blocks; i++) {
      values[offset + i] = Half.getFloat(source, at + i * Short.BYTES);
    }
  }
}
