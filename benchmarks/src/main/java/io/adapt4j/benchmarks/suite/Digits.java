package io.adapt4j.benchmarks.suite;

import java.math.BigDecimal;
import java.util.Locale;

/** Numbers with as many digits as a measurement deserves. */
final class Digits {

  private static final int SIGNIFICANT = 3;
  private static final int MOST = 12;

  private Digits() {}

  /** Digits after the point that leave three significant ones; none from 100 on. */
  static int after(double value) {
    if (value == 0) {
      return 0;
    }
    int before = (int) Math.floor(Math.log10(Math.abs(value))) + 1;
    return Math.min(MOST, Math.max(0, SIGNIFICANT - before));
  }

  static String fixed(double value, int digits) {
    return String.format(Locale.ROOT, "%,." + Math.max(0, digits) + "f", value);
  }

  /** A number that somebody chose, as they would write it. */
  static String shortest(double value) {
    BigDecimal exact = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    return String.format(Locale.ROOT, "%,." + Math.max(0, exact.scale()) + "f", exact);
  }
}
