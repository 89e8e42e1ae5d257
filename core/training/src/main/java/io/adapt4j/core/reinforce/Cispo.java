package io.adapt4j.core.reinforce;

import io.adapt4j.core.train.spi.PolicyObjective;

/**
 * CISPO (MiniMax-M1, Chen et al. 2025, eq. 4): {@code -min(r, limit) A log p} with a constant first
 * factor, so that no token loses its gradient.
 *
 * @param limit upper limit of the ratio itself; above 0
 */
public record Cispo(double limit) implements PolicyObjective {

  /** Default limit. */
  public static final double LIMIT = 5;

  /** Checks the limit. Throws {@link IllegalArgumentException} if it is out of range. */
  public Cispo {
    Numbers.requirePositive("limit", limit);
  }

  @Override
  public Term term(Token token) {
    double weight = Math.min(token.ratio(), limit) * token.advantage();
    boolean clipped = token.ratio() > limit && token.advantage() > 0;
    return new Term(-weight * token.logProb(), 0, -weight, clipped ? Clipping.HIGH : Clipping.NONE);
  }
}
