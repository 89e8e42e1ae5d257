package io.adapt4j.core.internal.task.rl;

/** Log-probability ratios, clamped so that their exponentials remain usable. */
final class LogRatio {

  /** Absolute limit of log-ratios. */
  static final double MOST = 20;

  private LogRatio() {}

  static double limited(double logRatio) {
    return Double.isNaN(logRatio) ? logRatio : Math.max(-MOST, Math.min(MOST, logRatio));
  }

  static boolean overflows(double logRatio) {
    return !(Math.abs(logRatio) <= MOST);
  }
}
