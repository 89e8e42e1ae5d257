package io.adapt4j.core.reinforce;

import io.adapt4j.core.train.spi.PolicyObjective;

/**
 * VESPO (Shen et al. 2026): {@code -phi(w) A log p}, where w is the probability ratio of the whole
 * completion and {@code phi(w) = w^k exp(l (1 - w))} a constant factor, 1 at w = 1.
 *
 * @param positivePower k for advantages of at least 0; at least 0
 * @param positiveDecay l for them; at least 0
 * @param negativePower k for the others
 * @param negativeDecay l for the others
 */
public record Vespo(
    double positivePower, double positiveDecay, double negativePower, double negativeDecay)
    implements PolicyObjective {

  /** Logarithm of the smallest ratio of completions that differs from 0. */
  private static final double LEAST = Math.log(1e-8);

  private static final double MOST = 20;

  /** Checks the options. Throws {@link IllegalArgumentException} if one is negative. */
  public Vespo {
    Numbers.requireNotNegative("positivePower", positivePower);
    Numbers.requireNotNegative("positiveDecay", positiveDecay);
    Numbers.requireNotNegative("negativePower", negativePower);
    Numbers.requireNotNegative("negativeDecay", negativeDecay);
  }

  /** Creates an objective with the powers 2 and 3 and the decays 3 and 2. */
  public Vespo() {
    this(2, 3, 3, 2);
  }

  @Override
  public Term term(Token token) {
    boolean good = token.advantage() >= 0;
    double power = good ? positivePower : negativePower;
    double decay = good ? positiveDecay : negativeDecay;
    double log = Math.max(LEAST, Math.min(MOST, token.completionLogRatio()));
    double weight = Math.exp(decay + power * log - decay * Math.exp(log)) * token.advantage();
    return new Term(-weight * token.logProb(), 0, -weight, Clipping.NONE);
  }

  @Override
  public boolean includesImportance() {
    return true;
  }
}
