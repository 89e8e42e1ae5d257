package io.adapt4j.upkeep.cycle;

import io.adapt4j.upkeep.internal.Distributions;
import java.util.Locale;

/**
 * Comparison of two versions on live scores, such as ratings, that may be looked at after every
 * score. A test of the means is made when the smaller group has reached the first number, twice,
 * four times as many, and so on; the k-th look gets 2^-k of the level, so the probability of any
 * false verdict is at most the level. Its error is the larger one of Welch's and of that of groups
 * with one distribution, since few scores may happen to be all the same. Thread-safe.
 */
public final class LiveComparison {

  private static final int SIDES = 2;

  private final double level;
  private final Group production = new Group();
  private final Group challenger = new Group();
  private long nextLook;
  private int looks;
  private Verdict verdict = Verdict.OPEN;

  /** Mean and variance of scores (Welford's method). */
  private static final class Group {

    private long count;
    private double mean;
    private double squares;

    void add(double score) {
      count++;
      double delta = score - mean;
      mean += delta / count;
      squares += delta * (score - mean);
    }

    double errorSquared() {
      return squares / (count - 1) / count;
    }
  }

  /** Result so far; the first one that is not open stays. */
  public enum Verdict {
    /** More scores are needed. */
    OPEN,
    /** The challenger is better. */
    BETTER,
    /** The challenger is worse. */
    WORSE
  }

  /**
   * Creates a comparison.
   *
   * @param level probability of a false verdict, such as 0.05
   * @param first scores of each group at the first look, at least 30
   */
  public LiveComparison(double level, long first) {
    if (!(level > 0 && level < 1) || first < 30) {
      throw new IllegalArgumentException(
          "level, first: expected between 0 and 1, and 30 or more, found %s, %d"
              .formatted(level, first));
    }
    this.level = level;
    this.nextLook = first;
  }

  /**
   * Adds a score of an answer.
   *
   * @param ofChallenger whether the challenger gave the answer
   * @param score finite; larger is better
   * @return the verdict so far
   */
  public synchronized Verdict add(boolean ofChallenger, double score) {
    if (!Double.isFinite(score)) {
      throw new IllegalArgumentException("score: expected a finite number, found " + score);
    }
    (ofChallenger ? challenger : production).add(score);
    if (verdict == Verdict.OPEN && Math.min(production.count, challenger.count) >= nextLook) {
      nextLook *= 2;
      looks++;
      double difference = challenger.mean - production.mean;
      double limit = Math.scalb(level, -looks);
      if (difference != 0 && probability(difference) <= limit) {
        verdict = difference > 0 ? Verdict.BETTER : Verdict.WORSE;
      }
    }
    return verdict;
  }

  private double probability(double difference) {
    return SIDES * Distributions.normalTail(Math.abs(difference) / error(difference));
  }

  private double error(double difference) {
    double first = production.count;
    double second = challenger.count;
    double between = difference * difference * first * second / (first + second);
    double squares = production.squares + challenger.squares + between;
    double pooled = squares / (first + second - 1) * (1 / first + 1 / second);
    return Math.sqrt(Math.max(pooled, production.errorSquared() + challenger.errorSquared()));
  }

  /** {@return the verdict so far} */
  public synchronized Verdict verdict() {
    return verdict;
  }

  /** {@return both means and numbers of scores, in words} */
  public synchronized String text() {
    return String.format(
        Locale.ROOT,
        "production %.4f (%d scores), challenger %.4f (%d scores): %s",
        production.mean,
        production.count,
        challenger.mean,
        challenger.count,
        verdict.name().toLowerCase(Locale.ROOT));
  }
}
