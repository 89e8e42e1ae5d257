package io.adapt4j.jinja.internal.value;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Locale;

/** Formats doubles in the notations of C: fixed, scientific, and the shorter of the two. */
public final class Decimals {

  private static final int LARGEST_PRECISION = 10_000;

  private Decimals() {}

  /** Formats the absolute value of a double. */
  public static String write(double value, char notation, int precision, boolean alternate) {
    if (precision > LARGEST_PRECISION) {
      throw new Fault("a precision is larger than " + LARGEST_PRECISION);
    }
    boolean upper = Character.isUpperCase(notation);
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      String name = Double.isNaN(value) ? "nan" : "inf";
      return upper ? name.toUpperCase(Locale.ROOT) : name;
    }
    BigDecimal exact = new BigDecimal(Math.abs(value));
    String text =
        switch (Character.toLowerCase(notation)) {
          case 'f' -> fixed(exact, precision, alternate);
          case 'e' -> scientific(exact, precision, alternate);
          default -> general(exact, Math.max(1, precision), alternate);
        };
    return upper ? text.toUpperCase(Locale.ROOT) : text;
  }

  private static String fixed(BigDecimal value, int precision, boolean alternate) {
    String text = value.setScale(precision, RoundingMode.HALF_EVEN).toPlainString();
    return precision == 0 && alternate ? text + "." : text;
  }

  private static String scientific(BigDecimal value, int precision, boolean alternate) {
    if (value.signum() == 0) {
      String zeros = precision > 0 ? "0." + "0".repeat(precision) : alternate ? "0." : "0";
      return zeros + "e+00";
    }
    BigDecimal rounded = value.round(new MathContext(precision + 1, RoundingMode.HALF_EVEN));
    String digits = rounded.unscaledValue().toString();
    int exponent = digits.length() - 1 - rounded.scale();
    String kept =
        digits.length() > precision + 1
            ? digits.substring(0, precision + 1)
            : digits + "0".repeat(precision + 1 - digits.length());
    String fraction = precision > 0 ? "." + kept.substring(1) : alternate ? "." : "";
    return kept.charAt(0) + fraction + power(exponent);
  }

  private static String power(int exponent) {
    int size = Math.abs(exponent);
    return "e" + (exponent < 0 ? "-" : "+") + (size < 10 ? "0" : "") + size;
  }

  private static String general(BigDecimal value, int precision, boolean alternate) {
    int exponent = exponent(value, precision);
    boolean plain = exponent >= -4 && exponent < precision;
    String text =
        plain
            ? fixed(value, precision - 1 - exponent, alternate)
            : scientific(value, precision - 1, alternate);
    return alternate ? text : withoutZeros(text);
  }

  /** Returns the power of ten of the first digit after rounding. */
  static int exponent(BigDecimal value, int precision) {
    if (value.signum() == 0) {
      return 0;
    }
    BigDecimal rounded = value.round(new MathContext(precision, RoundingMode.HALF_EVEN));
    return rounded.precision() - 1 - rounded.scale();
  }

  private static String withoutZeros(String text) {
    int power = text.indexOf('e');
    String digits = power < 0 ? text : text.substring(0, power);
    String rest = power < 0 ? "" : text.substring(power);
    if (digits.indexOf('.') < 0) {
      return text;
    }
    int end = digits.length();
    while (digits.charAt(end - 1) == '0') {
      end--;
    }
    return digits.substring(0, digits.charAt(end - 1) == '.' ? end - 1 : end) + rest;
  }
}
