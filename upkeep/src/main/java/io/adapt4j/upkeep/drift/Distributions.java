package io.adapt4j.upkeep.drift;

/** Tails of probability distributions. */
final class Distributions {

  private static final double PRECISION = 1e-16;
  private static final double TINY = 1e-300;

  private Distributions() {}

  /** Probability that a standard normal variable is above a value. */
  static double normalTail(double value) {
    double tail = chiSquareTail(value * value, 1) / 2;
    return value >= 0 ? tail : 1 - tail;
  }

  /** Probability that a chi-square variable is above a value. */
  static double chiSquareTail(double value, int degrees) {
    double a = degrees / 2.0;
    double x = value / 2;
    if (x <= 0) {
      return 1;
    }
    double front = Math.exp(a * Math.log(x) - x - logGamma(degrees));
    return x < a + 1 ? 1 - front * series(a, x) : front * fraction(a, x);
  }

  /** Logarithm of the gamma function at half of a whole number. */
  private static double logGamma(int twice) {
    double sum = twice % 2 == 0 ? 0 : Math.log(Math.PI) / 2;
    for (int i = 2 - twice % 2; i < twice; i += 2) {
      sum += Math.log(i / 2.0);
    }
    return sum;
  }

  /** Series of the lower incomplete gamma function (DLMF 8.7.1). */
  private static double series(double a, double x) {
    double term = 1 / a;
    double sum = term;
    for (double n = a + 1; term > sum * PRECISION; n++) {
      term *= x / n;
      sum += term;
    }
    return sum;
  }

  /** Continued fraction of the upper incomplete gamma function (DLMF 8.9.2), by Lentz's method. */
  private static double fraction(double a, double x) {
    double b = x + 1 - a;
    double c = 1 / TINY;
    double d = 1 / b;
    double result = d;
    for (int i = 1; i < 10_000; i++) {
      double factor = -i * (i - a);
      b += 2;
      d = 1 / (factor * d + b);
      c = b + factor / c;
      double change = c * d;
      result *= change;
      if (Math.abs(change - 1) < PRECISION) {
        break;
      }
    }
    return result;
  }

  /** Probability that the limit of the scaled Kolmogorov-Smirnov statistic is above a value. */
  static double kolmogorovTail(double value) {
    double sum = 0;
    double sign = 1;
    for (int i = 1; i <= 100; i++) {
      double term = Math.exp(-2.0 * i * i * value * value);
      sum += sign * term;
      sign = -sign;
      if (term < PRECISION) {
        return Math.min(1, 2 * sum);
      }
    }
    // Only values near 0 need so many terms.
    return 1;
  }
}
