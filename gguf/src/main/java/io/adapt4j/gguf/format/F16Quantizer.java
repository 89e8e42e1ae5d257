package io.adapt4j.gguf.format;

/** The nearest number of 16 bits. */
final class F16Quantizer extends BlockQuantizer {

  F16Quantizer() {
    super(TensorType.F16);
  }

  @Override
  void encode(float[] values, int offset, int blocks, byte[] target, int at) {
    for (int i = 0; i < blocks; i++) {
      Half.put(target, at + i * Short.BYTES, Half.of(values[offset + i]));
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
    return new int[] {0};
  }
}
