package io.adapt4j.core.internal.monitor;

/** The straight line of least squares through a series, kept in sums. */
final class Trend {

  private int count;
  private double meanX;
  private double meanY;
  private double squaresX;
  private double squaresY;
  private double products;

  /** Welford's updates, which lose no digits to large sums. */
  void add(double y) {
    double x = count;
    count++;
    double fromMeanX = x - meanX;
    double fromMeanY = y - meanY;
    meanX += fromMeanX / count;
    meanY += fromMeanY / count;
    squaresX += fromMeanX * (x - meanX);
    squaresY += fromMeanY * (y - meanY);
    products += fromMeanX * (y - meanY);
  }

  int count() {
    return count;
  }

  double mean() {
    return meanY;
  }

  /** How much the line rises from the first value to the last. */
  double change() {
    return products / squaresX * (count - 1);
  }

  /** Standard error of {@link #change}; needs three values. */
  double changeError() {
    double residual = Math.max(0, squaresY - products * products / squaresX);
    return Math.sqrt(residual / (count - 2) / squaresX) * (count - 1);
  }
}
