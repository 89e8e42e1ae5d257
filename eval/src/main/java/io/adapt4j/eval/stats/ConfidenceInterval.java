package io.adapt4j.eval.stats;

/**
 * A value with its confidence interval.
 *
 * @param value the value on the original rows
 * @param low lower end
 * @param high upper end
 * @param confidence the confidence level, for instance 0.95
 */
public record ConfidenceInterval(double value, double low, double high, double confidence) {
  private static final double WILSON_CONFIDENCE = 0.95;

  /** The 97.5 percent quantile of the normal distribution. */
  private static final double Z = 1.959963984540054;

  /**
   * Returns whether a value lies in the interval.
   *
   * @param other the value
   * @return true from the lower end to the upper one
   */
  public boolean contains(double other) {
    return other >= low && other <= high;
  }

  /**
   * Computes the 95 percent interval of a share of few rows (Wilson 1927, "Probable Inference, the
   * Law of Succession, and Statistical Inference"). Unlike resampling it does not call a share
   * certain because all of a handful of rows agree.
   *
   * @param hits rows that count, from 0 to {@code rows}
   * @param rows all rows, at least 1
   * @return the share and its interval
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static ConfidenceInterval wilson(long hits, long rows) {
    if (rows < 1 || hits < 0 || hits > rows) {
      throw new IllegalArgumentException(
          "expected rows of at least 1 and hits from 0 to their number, found %s of %s"
              .formatted(hits, rows));
    }
    double share = hits / (double) rows;
    double squared = Z * Z / rows;
    double middle = (share + squared / 2) / (1 + squared);
    double half = Math.sqrt(squared * (share * (1 - share) + squared / 4)) / (1 + squared);
    double low = hits == 0 ? 0 : middle - half;
    double high = hits == rows ? 1 : middle + half;
    return new ConfidenceInterval(share, low, high, WILSON_CONFIDENCE);
  }
}
