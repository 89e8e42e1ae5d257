package io.adapt4j.kernels.internal;

/** Brings the values of a block into [-1, 1]. */
final class UnitRange {

  private UnitRange() {}

  /**
   * Divides by the block's largest magnitude, by way of its reciprocal as bitsandbytes does. In a
   * block of zeros, whose reciprocal is infinite, every value is 0: bitsandbytes has NaN there and
   * ends at code 0, which double-quantized scales turn into a number other than 0.
   */
  static float scaled(float value, float absmax) {
    if (absmax == 0) {
      return 0;
    }
    float reciprocal = 1 / absmax;
    float scaled = Float.isInfinite(reciprocal) ? value / absmax : value * reciprocal;
    return Math.max(-1, Math.min(1, scaled));
  }
}
