package io.adapt4j.qlora;

import io.adapt4j.kernels.internal.FourBitCode;

/**
 * The 4-bit number formats of bitsandbytes. A weight is one of 16 numbers in [-1, 1], times the
 * largest magnitude of its block.
 */
enum QuantType {
  /**
   * NormalFloat (Dettmers et al. 2023, QLoRA, section 3): the numbers are quantiles of a normal
   * distribution, with an exact zero. A value takes the nearest number; of two as near, the lower.
   */
  NF4(FourBitCode.NF4),

  /**
   * A float of one sign, two exponent bits and one mantissa bit, scaled so that the largest is 1. A
   * value goes where bitsandbytes' GPU kernel puts it, whose boundaries are decimal constants next
   * to the middles.
   */
  FP4(FourBitCode.FP4);

  final FourBitCode code;

  QuantType(FourBitCode code) {
    this.code = code;
  }

  /**
   * Returns the 16 numbers.
   *
   * @return a new array, by code
   */
  public float[] numbers() {
    return code.numbers();
  }

  /**
   * Returns the name in files.
   *
   * @return {@code nf4} or {@code fp4}
   */
  public String fileName() {
    return code.fileName();
  }
}
