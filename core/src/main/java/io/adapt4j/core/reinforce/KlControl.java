package io.adapt4j.core.reinforce;

/** What the divergence from the reference costs, as the run continues. */
public sealed interface KlControl {

  /**
   * Keeps the coefficient.
   *
   * @param coefficient reward lost per nat of divergence, at least 0
   * @return the control
   * @throws IllegalArgumentException if it is negative or not finite
   */
  static KlControl fixed(double coefficient) {
    return new Fixed(coefficient);
  }

  /**
   * Changes the coefficient so that the divergence of a completion nears a target (Ziegler et al.
   * 2019, eq. 3): by at most 20 % of completions over horizon a rollout.
   *
   * @param coefficient to begin with, above 0
   * @param target nats a completion, above 0
   * @param horizon completions after which a lasting deviation has its full effect, above 0
   * @return the control
   * @throws IllegalArgumentException if a number is not above 0
   */
  static KlControl adaptive(double coefficient, double target, double horizon) {
    return new Adaptive(coefficient, target, horizon);
  }

  /**
   * Returns the coefficient of the first rollout.
   *
   * @return at least 0
   */
  double coefficient();

  /**
   * Returns the coefficient of the next rollout.
   *
   * @param coefficient of this one
   * @param divergence mean over its completions, in nats
   * @param completions of the rollout
   * @return at least 0
   */
  double after(double coefficient, double divergence, int completions);

  /**
   * A coefficient that stays.
   *
   * @param coefficient reward lost per nat of divergence
   */
  record Fixed(double coefficient) implements KlControl {

    /**
     * Checks the number.
     *
     * @param coefficient reward lost per nat of divergence
     * @throws IllegalArgumentException if it is negative or not finite
     */
    public Fixed {
      Numbers.requireNotNegative("klCoefficient", coefficient);
    }

    @Override
    public double after(double now, double divergence, int completions) {
      return now;
    }
  }

  /**
   * A coefficient that follows a target.
   *
   * @param coefficient to begin with
   * @param target nats a completion
   * @param horizon completions after which a lasting deviation has its full effect
   */
  record Adaptive(double coefficient, double target, double horizon) implements KlControl {

    private static final double MOST = 0.2;

    /**
     * Checks the numbers.
     *
     * @param coefficient to begin with
     * @param target nats a completion
     * @param horizon completions after which a lasting deviation has its full effect
     * @throws IllegalArgumentException if a number is not above 0
     */
    public Adaptive {
      Numbers.requirePositive("klCoefficient", coefficient);
      Numbers.requirePositive("the target of the divergence", target);
      Numbers.requirePositive("the horizon", horizon);
    }

    @Override
    public double after(double now, double divergence, int completions) {
      double error = Math.max(-MOST, Math.min(MOST, divergence / target - 1));
      return now * (1 + error * completions / horizon);
    }
  }
}
