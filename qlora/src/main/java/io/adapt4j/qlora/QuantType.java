package io.adapt4j.qlora;

import io.adapt4j.kernels.internal.FourBitCode;
import org.jspecify.annotations.Nullable;

/**
 * The number formats of quantized weights: those of bitsandbytes in 4 bits, and 8 bits. A weight is
 * one of a few values in [-1, 1], times the largest magnitude of its block.
 */
enum QuantType {
  /**
   * NormalFloat (Dettmers et al. 2023, QLoRA, section 3): the values are quantiles of a normal
   * distribution, with an exact zero. Rounds to the nearest value, ties to the lower.
   */
  NF4(FourBitCode.NF4),

  /**
   * A float of one sign, two exponent bits and one mantissa bit, scaled so that the largest is 1.
   * Rounds like bitsandbytes' GPU kernel, whose boundaries are decimal constants near the
   * midpoints.
   */
  FP4(FourBitCode.FP4),

  /**
   * Multiples of 1/127, the step of a block stored in fp16, as in llama.cpp's Q8_0. Rounds to the
   * nearest value.
   */
  INT8(null);

  private static final int MOST = 127;

  private final @Nullable FourBitCode code;

  QuantType(@Nullable FourBitCode code) {
    this.code = code;
  }

  /** Returns the code of a 4-bit type. */
  FourBitCode code() {
    if (code == null) {
      throw new IllegalArgumentException(
          "type: expected 4 bits, NF4 or FP4, found "
              + this
              + ". Checkpoints are not written in"
              + " 8 bits: load the plain one, which is rounded while it is read.");
    }
    return code;
  }

  /**
   * Returns the values that a code can represent.
   *
   * @return a new array: 16 by code, or 255 in ascending order
   */
  public float[] numbers() {
    if (code != null) {
      return code.numbers();
    }
    float[] numbers = new float[2 * MOST + 1];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = (float) (i - MOST) / MOST;
    }
    return numbers;
  }

  public String fileName() {
    return code == null ? "int8" : code.fileName();
  }
}
