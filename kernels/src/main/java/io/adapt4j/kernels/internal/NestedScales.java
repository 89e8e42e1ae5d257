package io.adapt4j.kernels.internal;

/**
 * Scales in 8 bits: scale = numbers[code] * absmax[block of scales] + offset. The record owns the
 * arrays.
 */
@SuppressWarnings("ArrayRecordComponent") // never compared; copies would double large scales
public record NestedScales(
    byte[] codes, float[] numbers, float[] absmax, int blockSize, float offset) implements Scales {

  /** Number of distinct 8-bit codes. */
  public static final int CODES = 256;

  /** Quantizes scales as bitsandbytes does. */
  public static NestedScales of(float[] scales) {
    float offset = mean(scales);
    int size = FourBitFormat.SCALE_BLOCK;
    byte[] codes = new byte[scales.length];
    float[] absmax = new float[(scales.length + size - 1) / size];
    for (int block = 0; block < absmax.length; block++) {
      int start = block * size;
      int end = Math.min(scales.length, start + size);
      for (int i = start; i < end; i++) {
        absmax[block] = Math.max(absmax[block], Math.abs(scales[i] - offset));
      }
      for (int i = start; i < end; i++) {
        float scaled = UnitRange.scaled(scales[i] - offset, absmax[block]);
        codes[i] = (byte) Nearest.of(DynamicCode.NUMBERS, scaled);
      }
    }
    return new NestedScales(codes, DynamicCode.NUMBERS.clone(), absmax, size, offset);
  }

  @Override
  public int count() {
    return codes.length;
  }

  @Override
  public float of(int block) {
    return numbers[codes[block] & 0xFF] * absmax[block / blockSize] + offset;
  }

  @Override
  public long bytes() {
    return codes.length + (long) (absmax.length + numbers.length + 1) * Float.BYTES;
  }

  /** Returns the mean, summed in double so that the order of summation does not matter. */
  private static float mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return (float) (sum / values.length);
  }
}
