package io.adapt4j.verification.golden;

/** How far from golden numbers a result may be. */
final class Tolerances {

  /** Absolute tolerance of what fp32 computes. */
  static final double FP32 = 1e-4;

  /** Relative part of the tolerance of gradients. */
  static final double RELATIVE = 1e-3;

  /** Tolerance of hidden states as a share of the largest: 25 roundings of single precision. */
  static final double ROUNDING = 3e-6;

  private static final double MOST = 3e-4;

  private Tolerances() {}

  /** Of what encoder-decoders compute: more where single precision alone moves it that far. */
  static double of(GoldenFolder golden) {
    boolean both = golden.json().path("kind").asText().equals("seq2seq");
    double rounding = golden.json().path("fp32_vs_fp64_maxdiff").asDouble(0);
    return both ? Math.min(MOST, Math.max(FP32, 10 * rounding)) : FP32;
  }
}
