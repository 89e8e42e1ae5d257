package io.adapt4j.gguf.format;

import org.jspecify.annotations.Nullable;

/**
 * MXFP4: a power-of-two exponent, then 32 numbers of one sign, two exponent and one mantissa bit;
 * the first half in the low nibbles, the second half in the high nibbles.
 */
final class Mxfp4 extends BlockFormat {

  private static final int VALUES = 32;
  private static final int HALF = VALUES / 2;
  private static final int EXPONENT_BIAS = 127;

  /** The exponent of the largest number. */
  private static final int LARGEST = 2;

  /** Magnitudes by the low three bits of a code. */
  private static final float[] MAGNITUDES = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};

  Mxfp4() {
    super(39, VALUES, 17);
  }

  @Override
  void encode(float[] values, int pos, int blocks, float @Nullable [] weights, byte[] out, int at) {
    for (int block = 0; block < blocks; block++) {
      int from = pos + block * VALUES;
      int to = at + block * bytes();
      float largest = 0;
      for (int i = 0; i < VALUES; i++) {
        largest = Math.max(largest, Math.abs(values[from + i]));
      }
      int exponent = largest > 0 ? exponent(largest) - LARGEST + EXPONENT_BIAS : 0;
      out[to] = (byte) exponent;
      float[] numbers = numbers(exponent & 0xff);
      for (int i = 0; i < HALF; i++) {
        int low = nearest(values[from + i], numbers);
        int high = nearest(values[from + HALF + i], numbers);
        out[to + 1 + i] = (byte) (low | high << 4);
      }
    }
  }

  /** Returns a block's exponent like the reference, which computes the logarithm in fp32. */
  private static int exponent(float value) {
    return (int) Math.floor((float) (Math.log(value) / Math.log(2)));
  }

  /** Returns the numbers that a block can represent. */
  private static float[] numbers(int exponent) {
    float[] numbers = new float[2 * MAGNITUDES.length];
    for (int code = 0; code < MAGNITUDES.length; code++) {
      numbers[code] = Math.scalb(MAGNITUDES[code], exponent - EXPONENT_BIAS);
      numbers[MAGNITUDES.length + code] = -numbers[code];
    }
    // The reference has no negative zero.
    numbers[MAGNITUDES.length] = 0;
    return numbers;
  }

  /** Returns the code of the nearest number, the first one on ties. */
  private static int nearest(float value, float[] numbers) {
    int best = 0;
    float least = Math.abs(numbers[0] - value);
    for (int code = 1; code < numbers.length; code++) {
      float error = Math.abs(numbers[code] - value);
      if (error < least) {
        best = code;
        least = error;
      }
    }
    return best;
  }

  @Override
  void decode(byte[] source, int at, int blocks, float[] values, int offset) {
    for (int block = 0; block < blocks; block++) {
      int from = at + block * bytes();
      float[] numbers = numbers(source[from] & 0xff);
      int to = offset + block * VALUES;
      for (int i = 0; i < HALF; i++) {
        int codes = source[from + 1 + i];
        values[to + i] = numbers[codes & 15];
        values[to + HALF + i] = numbers[codes >> 4 & 15];
      }
    }
  }
}
