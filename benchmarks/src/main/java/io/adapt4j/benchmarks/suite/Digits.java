package io.adapt4j.benchmarks.suite;

import java.math.BigDecimal;
import java.util.Locale;

/** Formatting of numbers with an appropriate number of digits. */
final class Digits {

  private static final int SIGNIFICANT = 3;
  private static final int MOST = 12;

  private Digits() {}

  /** Returns the number of decimals for three significant digits; none from 100 on. */
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

  /** Returns the shortest form of a configured number. */
  static String shortest(double value) {
    BigDecimal exact = new BigDecimal(Double.toString(value)).stripTrailingZeros();
    return String.format(Locale.ROOT, "%,." + Math.max(0, exact.scale()) + "f", exact);
  }
}
