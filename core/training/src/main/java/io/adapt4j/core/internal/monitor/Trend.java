package io.adapt4j.core.internal.monitor;

/** Incremental least-squares line through a series. */
final class Trend {

  private int count;
  private double meanX;
  private double meanY;
  private double squaresX;
  private double squaresY;
  private double products;

  /** Adds a value by Welford's update, which is numerically stable. */
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

  /** Returns the change of the line from the first value to the last. */
  double change() {
    return products / squaresX * (count - 1);
  }

  /** Returns the standard error of {@link #change}; needs three values. */
  double changeError() {
    double residual = Math.max(0, squaresY - products * products / squaresX);
    return Math.sqrt(residual / (count - 2) / squaresX) * (count - 1);
  }
}
