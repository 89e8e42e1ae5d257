package io.adapt4j.kernels.internal;

/** Scaling of a block's values to [-1, 1]. */
final class UnitRange {

  private UnitRange() {}

  /**
   * Divides by the block's largest magnitude, multiplying with its reciprocal as bitsandbytes does.
   * For a block of zeros, whose reciprocal is infinite, returns 0: bitsandbytes gets NaN there and
   * code 0, which double-quantized scales turn into a nonzero value.
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
