package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;

/** Numbers whose digits can be written out: exponents of untrusted numbers are checked first. */
final class Digits {

  private static final int MOST = 400;

  private Digits() {}

  /** The number of a keyword's value. */
  static BigDecimal checked(Place at, String keyword, JsonNode value) {
    BigDecimal number = value.decimalValue();
    if (number.signum() == 0) {
      return BigDecimal.ZERO;
    }
    if (exceed(number) || number.scale() > MOST) {
      throw at.refused(
          keyword,
          "expected numbers of at most "
              + MOST
              + " digits before and after the point, found "
              + Place.said(value));
    }
    return number;
  }

  /** Returns whether a number has more digits before the point, or zeros after it. */
  static boolean exceed(BigDecimal number) {
    return Math.abs((long) number.precision() - number.scale()) > MOST;
  }
}
