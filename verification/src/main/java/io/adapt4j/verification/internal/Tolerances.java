package io.adapt4j.verification.internal;

/** Tolerances for deviations from golden values. */
public final class Tolerances {

  /** Absolute tolerance of results in fp32. */
  public static final double FP32 = 1e-4;

  /** Relative part of the tolerance of gradients. */
  public static final double RELATIVE = 1e-3;

  /** Tolerance of hidden states relative to the largest: 25 roundings in single precision. */
  public static final double ROUNDING = 3e-6;

  private static final double MOST = 3e-4;

  private Tolerances() {}

  /**
   * Returns the tolerance of a folder, larger for encoder-decoders if rounding in single precision
   * alone requires it.
   */
  public static double of(GoldenFolder golden) {
    boolean both = golden.json().path("kind").asText().equals("seq2seq");
    double rounding = golden.json().path("fp32_vs_fp64_maxdiff").asDouble(0);
    return both ? Math.min(MOST, Math.max(FP32, 10 * rounding)) : FP32;
  }
}
