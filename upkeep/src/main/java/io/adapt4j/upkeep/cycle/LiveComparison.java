package io.adapt4j.upkeep.cycle;

import io.adapt4j.upkeep.internal.Distributions;
import java.util.Locale;

/**
 * Comparison of two versions on live scores, such as ratings, that may be looked at after every
 * score. Welch's test is made when the smaller group has reached the first number, twice, four
 * times as many, and so on; the k-th look gets 2^-k of the level, so the probability of any false
 * verdict is at most the level. Thread-safe.
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
      double error = Math.sqrt(production.errorSquared() + challenger.errorSquared());
      double difference = challenger.mean - production.mean;
      double p = error == 0 ? 0 : SIDES * Distributions.normalTail(Math.abs(difference) / error);
      if (difference != 0 && p <= Math.scalb(level, -looks)) {
        verdict = difference > 0 ? Verdict.BETTER : Verdict.WORSE;
      }
    }
    return verdict;
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
