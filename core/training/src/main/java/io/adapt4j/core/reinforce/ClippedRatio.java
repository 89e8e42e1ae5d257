package io.adapt4j.core.reinforce;

import io.adapt4j.core.train.spi.PolicyObjective;

/**
 * Clipped ratio (Schulman et al. 2017, eq. 7): {@code -min(r A, clip(r, 1 - low, 1 + high) A)}. The
 * default of GRPO.
 *
 * @param low range below 1; above 0 and below 1
 * @param high range above 1; above 0
 * @param ceiling upper limit of the ratio where clipping does not apply, for the tokens of bad
 *     completions (two-sided clipping, INTELLECT-2, Prime Intellect 2025); infinite for none
 */
public record ClippedRatio(double low, double high, double ceiling) implements PolicyObjective {

  /** Checks the ranges. Throws {@link IllegalArgumentException} if one is out of range. */
  public ClippedRatio {
    Numbers.require(low > 0 && low < 1, "clipLow", "above 0 and below 1", low);
    Numbers.requirePositive("clipHigh", high);
    Numbers.require(ceiling > 1, "clipCeiling", "above 1", ceiling);
  }

  /**
   * Creates an objective without a ceiling.
   *
   * @param low range below 1
   * @param high range above 1
   */
  public ClippedRatio(double low, double high) {
    this(low, high, Double.POSITIVE_INFINITY);
  }

  @Override
  public Term term(Token token) {
    double advantage = token.advantage();
    double ratio = Math.min(token.ratio(), ceiling);
    double clipped = Math.max(1 - low, Math.min(1 + high, token.ratio()));
    boolean takesClipped = clipped * advantage < ratio * advantage;
    boolean varies = takesClipped ? clipped == token.ratio() : ratio == token.ratio();
    Clipping clipping =
        ratio < 1 - low && advantage < 0
            ? Clipping.LOW
            : ratio > 1 + high && advantage > 0 ? Clipping.HIGH : Clipping.NONE;
    return new Term(
        -(takesClipped ? clipped : ratio) * advantage,
        varies ? -token.ratio() * advantage : 0,
        0,
        clipping);
  }
}
