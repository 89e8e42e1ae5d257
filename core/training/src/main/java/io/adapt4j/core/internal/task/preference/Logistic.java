package io.adapt4j.core.internal.task.preference;

/** Numerically stable logistic functions. */
final class Logistic {

  private Logistic() {}

  static double sigmoid(double x) {
    if (x >= 0) {
      return 1 / (1 + Math.exp(-x));
    }
    double e = Math.exp(x);
    return e / (1 + e);
  }

  static double logSigmoid(double x) {
    return Math.min(x, 0) - Math.log1p(Math.exp(-Math.abs(x)));
  }

  /** Returns -(1 - smoothing) log sigmoid(z) - smoothing log sigmoid(-z). */
  static double smoothed(double z, double smoothing) {
    double turned = smoothing == 0 ? 0 : smoothing * logSigmoid(-z);
    return -(1 - smoothing) * logSigmoid(z) - turned;
  }

  static double smoothedDerivative(double z, double smoothing) {
    return -(1 - smoothing) * sigmoid(-z) + smoothing * sigmoid(z);
  }
}
