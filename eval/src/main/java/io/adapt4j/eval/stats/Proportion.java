package io.adapt4j.eval.stats;

/**
 * Where a share may lie that was counted on few rows (Wilson 1927, "Probable Inference, the Law of
 * Succession, and Statistical Inference"). Unlike resampling it does not call a share certain
 * because all rows of a handful agree.
 */
public final class Proportion {

  private static final double CONFIDENCE = 0.95;

  /** The quantile of the normal distribution that leaves 2.5 per cent above. */
  private static final double Z = 1.959963984540054;

  private Proportion() {}

  /**
   * Finds the 95 per cent interval of a share.
   *
   * @param hits rows that count, from 0 to {@code rows}
   * @param rows all rows, at least 1
   * @return the share and its interval
   * @throws IllegalArgumentException if a number is out of its range
   */
  public static Interval of(long hits, long rows) {
    if (rows < 1 || hits < 0 || hits > rows) {
      throw new IllegalArgumentException(
          "expected rows of at least 1 and hits from 0 to their number, found "
              + hits
              + " of "
              + rows);
    }
    double share = hits / (double) rows;
    double squared = Z * Z / rows;
    double middle = (share + squared / 2) / (1 + squared);
    double half = Math.sqrt(squared * (share * (1 - share) + squared / 4)) / (1 + squared);
    double low = hits == 0 ? 0 : middle - half;
    double high = hits == rows ? 1 : middle + half;
    return new Interval(share, low, high, CONFIDENCE);
  }
}
