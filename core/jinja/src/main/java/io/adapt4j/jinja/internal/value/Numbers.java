package io.adapt4j.jinja.internal.value;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;
import java.math.RoundingMode;

/** Python's numbers: integers of bounded size, and doubles. */
public final class Numbers {

  /** Maximum size of the result of an integer computation, in bits. */
  private static final int LARGEST_BITS = 1 << 16;

  /** Maximum number of digits of an integer that Python prints. */
  private static final int MOST_DIGITS = 4300;

  private static final BigInteger LOWEST = BigInteger.valueOf(Long.MIN_VALUE);
  private static final BigInteger HIGHEST = BigInteger.valueOf(Long.MAX_VALUE);

  private Numbers() {}

  public static boolean isNumber(Object value) {
    return isInteger(value) || value instanceof Double;
  }

  /** Booleans are integers. */
  public static boolean isInteger(Object value) {
    return value instanceof Long || value instanceof BigInteger || value instanceof Boolean;
  }

  public static Object normal(BigInteger value) {
    if (value.bitLength() > LARGEST_BITS) {
      throw new Fault("an integer has more than " + LARGEST_BITS + " bits");
    }
    return value.compareTo(LOWEST) >= 0 && value.compareTo(HIGHEST) <= 0
        ? (Object) value.longValue()
        : value;
  }

  public static BigInteger big(Object integer) {
    if (integer instanceof BigInteger value) {
      return value;
    }
    return integer instanceof Boolean flag
        ? BigInteger.valueOf(flag ? 1 : 0)
        : BigInteger.valueOf((Long) integer);
  }

  public static double real(Object number) {
    if (number instanceof Boolean flag) {
      return flag ? 1 : 0;
    }
    double value = ((Number) number).doubleValue();
    if (number instanceof BigInteger && Double.isInfinite(value)) {
      throw new Fault("int too large to convert to float");
    }
    return value;
  }

  /** The integer part of a finite double. */
  static BigInteger truncated(double value) {
    return new BigDecimal(value).toBigInteger();
  }

  public static Object toInteger(double value) {
    if (Double.isNaN(value) || Double.isInfinite(value)) {
      throw new Fault(
          "cannot convert float " + (Double.isNaN(value) ? "NaN" : "infinity") + " to integer");
    }
    return normal(truncated(value));
  }

  public static String integerText(Object integer) {
    if (integer instanceof BigInteger value && value.bitLength() > MOST_DIGITS * 3.33) {
      throw new Fault("an integer has more than " + MOST_DIGITS + " digits");
    }
    return integer.toString();
  }

  /** Python's repr of a double: the fewest digits that identify it. */
  public static String realText(double value) {
    if (Double.isNaN(value)) {
      return "nan";
    }
    if (Double.isInfinite(value)) {
      return value > 0 ? "inf" : "-inf";
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal shortest = shortest(value);
    String digits = shortest.unscaledValue().abs().toString();
    int exponent = digits.length() - 1 - shortest.scale();
    String sign = value < 0 ? "-" : "";
    return exponent < -4 || exponent >= 16
        ? sign + scientific(digits, exponent)
        : sign + plain(digits, exponent);
  }

  private static BigDecimal shortest(double value) {
    BigDecimal exact = new BigDecimal(value);
    for (int digits = 1; digits < 17; digits++) {
      BigDecimal rounded = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
      if (rounded.doubleValue() == value) {
        return rounded.stripTrailingZeros();
      }
    }
    return exact.round(new MathContext(17, RoundingMode.HALF_EVEN)).stripTrailingZeros();
  }

  private static String scientific(String digits, int exponent) {
    String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
    String power =
        (exponent < 0 ? "-" : "+") + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
    return digits.charAt(0) + fraction + "e" + power;
  }

  private static String plain(String digits, int exponent) {
    if (exponent < 0) {
      return "0." + "0".repeat(-exponent - 1) + digits;
    }
    if (digits.length() <= exponent + 1) {
      return digits + "0".repeat(exponent + 1 - digits.length()) + ".0";
    }
    return digits.substring(0, exponent + 1) + "." + digits.substring(exponent + 1);
  }
}
