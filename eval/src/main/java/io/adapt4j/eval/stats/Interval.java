package io.adapt4j.eval.stats;

/**
 * A figure and where it may lie.
 *
 * @param value the figure of the rows as they are
 * @param low lower end
 * @param high upper end
 * @param confidence how much of the resampled figures lies between, for instance 0.95
 */
public record Interval(double value, double low, double high, double confidence) {

  /**
   * Tells whether a figure lies in the interval.
   *
   * @param figure the figure
   * @return true from the lower end to the upper one
   */
  public boolean contains(double figure) {
    return figure >= low && figure <= high;
  }
}
