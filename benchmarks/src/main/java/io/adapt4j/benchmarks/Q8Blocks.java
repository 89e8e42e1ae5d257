package io.adapt4j.benchmarks;

import java.nio.ByteBuffer;

/** ggml's Q8_0: blocks of 32 weights, a scale in fp16 and a code of 8 bits each. */
final class Q8Blocks {

  static final int WEIGHTS = 32;
  static final int BYTES = Short.BYTES + WEIGHTS;

  private Q8Blocks() {}

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
      float most = 0;
      for (int i = start; i < start + WEIGHTS; i++) {
        most = Math.max(most, Math.abs(values[i]));
      }
      float scale = most / 127;
      float inverse = scale == 0 ? 0 : 1 / scale;
      target.putShort(Q4Blocks.half(scale));
      for (int i = start; i < start + WEIGHTS; i++) {
        target.put((byte) Math.round(values[i] * inverse));
      }
    }
  }
}
