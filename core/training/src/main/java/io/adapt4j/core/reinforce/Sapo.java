package io.adapt4j.core.reinforce;

import io.adapt4j.core.train.spi.PolicyObjective;

/**
 * SAPO (Gao et al. 2025): {@code -4/t sigmoid(t (r - 1)) A}, a smooth gate instead of a clipped
 * ratio.
 *
 * @param positive temperature t for advantages above 0; above 0
 * @param negative temperature t for the others; above 0, and larger to forget less
 */
public record Sapo(double positive, double negative) implements PolicyObjective {

  /** Default temperature for advantages above 0. */
  public static final double POSITIVE = 1;

  /** Default temperature for the others. */
  public static final double NEGATIVE = 1.05;

  /** Checks the temperatures. Throws {@link IllegalArgumentException} if one is not above 0. */
  public Sapo {
    Numbers.requirePositive("positive", positive);
    Numbers.requirePositive("negative", negative);
  }

  @Override
  public Term term(Token token) {
    double temperature = token.advantage() > 0 ? positive : negative;
    double gate = 1 / (1 + Math.exp(-temperature * (token.ratio() - 1)));
    double slope = 4 * gate * (1 - gate) * token.ratio();
    return new Term(
        -4 / temperature * gate * token.advantage(), -slope * token.advantage(), 0, Clipping.NONE);
  }
}
