package io.adapt4j.eval.stats;

/**
 * McNemar's test of whether two models are right equally often on the same rows (McNemar 1947,
 * "Note on the sampling error of the difference between correlated proportions or percentages").
 * Only rows on which exactly one is right are informative.
 *
 * @param bothRight rows on which both are right
 * @param onlyFirst rows on which only the first is right
 * @param onlySecond rows on which only the second is right
 * @param bothWrong rows on which neither is right
 */
public record McNemar(long bothRight, long onlyFirst, long onlySecond, long bothWrong) {

  /** Smaller terms do not change a sum of doubles. */
  private static final double NEGLIGIBLE = 1e-18;

  /** Checks the counts. Throws {@link IllegalArgumentException} if one is negative. */
  public McNemar {
    if (bothRight < 0 || onlyFirst < 0 || onlySecond < 0 || bothWrong < 0) {
      throw new IllegalArgumentException("Counts of rows must not be negative");
    }
  }

  /**
   * Counts rows.
   *
   * @param first whether one model is right, row by row
   * @param second whether the other is, on the same rows in the same order
   * @return the counts
   * @throws IllegalArgumentException if the numbers of rows differ
   */
  public static McNemar of(boolean[] first, boolean[] second) {
    Bootstrap.requireSameLength(first.length, second.length);
    long[] counts = new long[4];
    for (int i = 0; i < first.length; i++) {
      counts[(first[i] ? 0 : 2) + (second[i] ? 0 : 1)]++;
    }
    return new McNemar(counts[0], counts[1], counts[2], counts[3]);
  }

  /** {@return the exact two-sided p-value, from the binomial distribution} */
  public double pValue() {
    return Math.min(1, 2 * atMostFewer());
  }

  /**
   * Returns the mid-p-value, less conservative than the exact one and nearer to the nominal error
   * rate (Fagerland, Lydersen and Laake 2013, "The McNemar test for binary matched-pairs data").
   *
   * @return from 0 to 1; 1 if the models never differ
   */
  public double midPValue() {
    if (onlyFirst + onlySecond == 0) {
      return 1;
    }
    return Math.min(1, 2 * atMostFewer() - chanceOfFewer());
  }

  private double atMostFewer() {
    long trials = onlyFirst + onlySecond;
    double term = chanceOfFewer();
    double sum = 0;
    for (long i = Math.min(onlyFirst, onlySecond); i >= 0 && term > NEGLIGIBLE * sum; i--) {
      sum += term;
      term *= (double) i / (trials - i + 1);
    }
    return sum;
  }

  /** Probability that exactly the smaller count of fair tosses falls on one side. */
  private double chanceOfFewer() {
    long trials = onlyFirst + onlySecond;
    double log = -trials * Math.log(2);
    for (long i = 1; i <= Math.min(onlyFirst, onlySecond); i++) {
      log += Math.log((double) (trials - i + 1) / i);
    }
    return Math.exp(log);
  }
}
