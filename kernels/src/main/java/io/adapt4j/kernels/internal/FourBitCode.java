package io.adapt4j.kernels.internal;

import java.util.Arrays;
import java.util.Locale;

/**
 * The 4-bit number formats of bitsandbytes. A weight is one of 16 values in [-1, 1], times the
 * largest magnitude of its block.
 */
public enum FourBitCode {
  /**
   * NormalFloat (Dettmers et al. 2023, QLoRA, section 3): the values are quantiles of a normal
   * distribution, with an exact zero. Rounds to the nearest value, ties to the lower.
   */
  NF4(
      -1f,
      -0.6961928f,
      -0.52507305f,
      -0.3949175f,
      -0.28444138f,
      -0.18477343f,
      -0.091050036f,
      0f,
      0.0795803f,
      0.1609302f,
      0.2461123f,
      0.33791524f,
      0.44070983f,
      0.562617f,
      0.72295684f,
      1f) {
    @SuppressWarnings("ImmutableEnumChecker") // never changed
    private final NearestTable table = new NearestTable(numbers);

    @Override
    int nearest(float value) {
      return table.of(value);
    }

    @Override
    float[] limits() {
      return table.limits();
    }
  },

  /**
   * A float of one sign, two exponent bits and one mantissa bit, scaled so that the largest is 1.
   * Rounds like bitsandbytes' GPU kernel, whose boundaries are decimal constants near the
   * midpoints.
   */
  FP4(
      0f,
      0.0625f / 12,
      8f / 12,
      1f,
      4f / 12,
      6f / 12,
      2f / 12,
      3f / 12,
      0f,
      -0.0625f / 12,
      -8f / 12,
      -1f,
      -4f / 12,
      -6f / 12,
      -2f / 12,
      -3f / 12) {
    @SuppressWarnings("ImmutableEnumChecker") // never changed
    private final float[] boundaries = {
      0.00260417f, 0.0859375f, 0.20833333f, 0.29166666f, 0.4166667f, 0.583333f, 0.8333333f
    };

    /** Codes of ascending magnitudes, which are not monotonic. */
    @SuppressWarnings("ImmutableEnumChecker") // never changed
    private final int[] codes = {0, 1, 6, 7, 4, 5, 2, 3};

    @Override
    int nearest(float value) {
      float magnitude = Math.abs(value);
      int rank = 0;
      while (rank < boundaries.length && magnitude > boundaries[rank]) {
        rank++;
      }
      return codes[rank] | (value < 0 ? 8 : 0);
    }

    @Override
    float[] limits() {
      float[] limits = Arrays.copyOf(boundaries, 15);
      Arrays.fill(limits, boundaries.length, limits.length, Float.POSITIVE_INFINITY);
      return limits;
    }
  };

  /** Values by code; do not modify. */
  @SuppressWarnings("ImmutableEnumChecker") // handed out as copies
  final float[] numbers;

  FourBitCode(float... numbers) {
    this.numbers = numbers;
  }

  /** Returns the 16 values. */
  public float[] numbers() {
    return numbers.clone();
  }

  /** Returns whether codes have the usual values; zeros of either sign are equal. */
  boolean hasNumbers(float[] others) {
    boolean equal = others.length == numbers.length;
    for (int i = 0; equal && i < numbers.length; i++) {
      equal = others[i] == numbers[i];
    }
    return equal;
  }

  public String fileName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the code, 0 to 15, of a value in [-1, 1]. */
  abstract int nearest(float value);

  /**
   * Returns the 15 ascending boundaries between codes, each the largest value below it: of values
   * or, for signed codes, of magnitudes, padded with infinity.
   */
  abstract float[] limits();
}
