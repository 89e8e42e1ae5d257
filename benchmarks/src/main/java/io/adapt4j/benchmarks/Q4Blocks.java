package io.adapt4j.benchmarks;

import java.nio.ByteBuffer;

/**
 * ggml's Q4_0, quantized as its reference does: 32 weights share a scale in fp16, the value of
 * largest magnitude over -8; weight i is in the low half of byte i, weight i + 16 in its high half.
 */
final class Q4Blocks {

  /** ggml's number of the type. */
  static final int TYPE = 2;

  static final int WEIGHTS = 32;
  static final int BYTES = Short.BYTES + WEIGHTS / 2;

  private Q4Blocks() {}

  static long bytes(long weights) {
    return weights / WEIGHTS * BYTES;
  }

  /**
   * Quantizes whole blocks.
   *
   * @param values numbers of a magnitude that fp16 holds
   * @param count how many, a multiple of 32
   * @param target little-endian; takes the blocks from its position on
   */
  static void quantize(float[] values, int count, ByteBuffer target) {
    for (int start = 0; start < count; start += WEIGHTS) {
      float scale = ofLargest(values, start) / -8;
      float inverse = scale == 0 ? 0 : 1 / scale;
      target.putShort(half(scale));
      for (int i = start; i < start + WEIGHTS / 2; i++) {
        int low = code(values[i] * inverse);
        int high = code(values[i + WEIGHTS / 2] * inverse);
        target.put((byte) (low | (high << 4)));
      }
    }
  }

  /** The value of the largest magnitude, with its sign. */
  private static float ofLargest(float[] values, int start) {
    float found = 0;
    for (int i = start; i < start + WEIGHTS; i++) {
      found = Math.abs(values[i]) > Math.abs(found) ? values[i] : found;
    }
    return found;
  }

  private static int code(float scaled) {
    return Math.min(15, (int) (scaled + 8.5f));
  }

  /** The nearest number in fp16, of two as near the even one. */
  static short half(float value) {
    int sign = (Float.floatToRawIntBits(value) >>> 16) & 0x8000;
    int bits = Float.floatToRawIntBits(value) & 0x7FFFFFFF;
    if (bits < 0x38800000) { // 2^-14: multiples of 2^-24 below
      return (short) (sign | (int) Math.rint(Math.abs(value) * 0x1p24));
    }
    int half = ((bits + 0xFFF + ((bits >> 13) & 1)) >> 13) - (112 << 10);
    return (short) (sign | half);
  }
}
