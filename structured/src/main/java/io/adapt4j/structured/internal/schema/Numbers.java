package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.regex.CharDfa;
import io.adapt4j.structured.internal.regex.RegexException;
import io.adapt4j.structured.internal.regex.Remainders;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Numbers that conform to several schemas. */
final class Numbers {

  private static final int LARGEST_DIVISOR = 2_000;

  private Numbers() {}

  /** Bounds and divisors of numbers. */
  record Conditions(NumberTexts.Range range, List<BigDecimal> divisors) {

    static Conditions of(List<Part> parts) {
      BigDecimal min = null;
      BigDecimal max = null;
      boolean above = false;
      boolean below = false;
      List<BigDecimal> divisors = new ArrayList<>();
      for (Part part : parts) {
        for (String keyword : List.of("minimum", "exclusiveMinimum")) {
          BigDecimal bound = number(part, keyword);
          boolean exclusive = keyword.startsWith("exclusive");
          int order = bound == null ? -1 : min == null ? 1 : bound.compareTo(min);
          if (order > 0 || (order == 0 && exclusive)) {
            min = bound;
            above = exclusive;
          }
        }
        for (String keyword : List.of("maximum", "exclusiveMaximum")) {
          BigDecimal bound = number(part, keyword);
          boolean exclusive = keyword.startsWith("exclusive");
          int order = bound == null ? 1 : max == null ? -1 : bound.compareTo(max);
          if (order < 0 || (order == 0 && exclusive)) {
            max = bound;
            below = exclusive;
          }
        }
        BigDecimal divisor = number(part, "multipleOf");
        if (divisor != null) {
          if (divisor.signum() <= 0) {
            throw part.invalid("multipleOf", "a number above 0");
          }
          divisors.add(divisor);
        }
      }
      return new Conditions(new NumberTexts.Range(min, above, max, below), divisors);
    }
  }

  private static @Nullable BigDecimal number(Part part, String keyword) {
    if (!part.has(keyword)) {
      return null;
    }
    JsonNode value = part.get(keyword);
    if (!value.isNumber()) {
      throw part.invalid(keyword, "a number");
    }
    return Digits.checked(part, keyword, value);
  }

  /** The numbers that conform to all parts. */
  static Node of(List<Part> parts, boolean fractions) {
    Conditions conditions = Conditions.of(parts);
    boolean integers = !fractions;
    int places = Node.UNBOUNDED;
    BigInteger divisor = BigInteger.ONE;
    for (BigDecimal step : conditions.divisors()) {
      BigDecimal plain = step.stripTrailingZeros();
      if (plain.scale() <= 0) {
        integers = true;
        BigInteger whole = plain.toBigIntegerExact();
        divisor = divisor.multiply(whole).divide(divisor.gcd(whole));
        if (divisor.compareTo(BigInteger.valueOf(LARGEST_DIVISOR)) > 0) {
          throw unsupported(
              parts,
              "at most " + LARGEST_DIVISOR + ", not " + Place.shortened(step.toString(), 50));
        }
      } else if (plain.unscaledValue().equals(BigInteger.ONE)) {
        places = Math.min(places, plain.scale());
      } else if (!integers || !isWhole(plain)) {
        throw unsupported(
            parts,
            "0.1, 0.01 and so on, or an integer, not " + Place.shortened(step.toString(), 50));
      }
    }
    if (!integers) {
      return NumberTexts.decimals(conditions.range(), places);
    }
    Node all = NumberTexts.integers(conditions.range());
    if (divisor.equals(BigInteger.ONE)) {
      return all;
    }
    try {
      return CharDfa.of(all).and(Remainders.of(divisor.intValueExact())).toNode("multiple");
    } catch (RegexException e) {
      throw unsupported(parts, "smaller: " + e.getMessage());
    }
  }

  /** Returns whether every integer is a multiple. */
  private static boolean isWhole(BigDecimal divisor) {
    return BigDecimal.ONE.remainder(divisor).signum() == 0;
  }

  private static SchemaException unsupported(List<Part> parts, String supported) {
    Part part = parts.stream().filter(p -> p.has("multipleOf")).findFirst().orElseThrow();
    return new SchemaException(
        part.path() + "/multipleOf",
        "the keyword multipleOf is supported for numbers that are " + supported + ".");
  }
}
