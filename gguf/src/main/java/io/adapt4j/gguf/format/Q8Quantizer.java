package io.adapt4j.gguf.format;

/** Q8_0: the scale in fp16, then 32 signed bytes. */
final class Q8Quantizer extends BlockQuantizer {

  private static final int VALUES = 32;
  private static final int BYTES = 34;

  Q8Quantizer() {
    super(TensorType.Q8_0);
  }

  @Override
  void encode(float[] values, int offset, int blocks, byte[] target, int at) {
    for (int block = 0; block < blocks; block++) {
      int from = offset + block * VALUES;
      int to = at + block * BYTES;
      float largest = 0;
      for (int i = 0; i < VALUES; i++) {
        largest = Math.max(largest, Math.abs(values[from + i]));
      }
      float scale = largest / 127;
      float inverse = scale == 0 ? 0 : 1 / scale;
      Half.put(target, to, Half.of(scale));
      for (int i = 0; i < VALUES; i++) {
        // A half rounds away from zero; in double the addition is exact.
        double scaled = values[from + i] * inverse;
        target[to + 2 + i] = (byte) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
      }
    }
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    for (int block = 0; block < blocks; block++) {
      int from = at + block * BYTES;
      float scale = Half.getFloat(source, from);
      for (int i = 0; i < VALUES; i++) {
        values[offset + block * VALUES + i] = source[from + 2 + i] * scale;
      }
    }
  }

  @Override
  int[] scales() {
    return new int[] {0};
  }
}
