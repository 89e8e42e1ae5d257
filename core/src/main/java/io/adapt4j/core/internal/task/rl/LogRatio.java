package io.adapt4j.core.internal.task.rl;

/** Differences of log-probabilities, kept where their exponential is a number to reckon with. */
final class LogRatio {

  /** Beyond this a ratio says nothing but that the policies have nothing in common. */
  static final double MOST = 20;

  private LogRatio() {}

  static double limited(double logRatio) {
    return Double.isNaN(logRatio) ? logRatio : Math.max(-MOST, Math.min(MOST, logRatio));
  }

  static boolean overflows(double logRatio) {
    return !(Math.abs(logRatio) <= MOST);
  }
}
