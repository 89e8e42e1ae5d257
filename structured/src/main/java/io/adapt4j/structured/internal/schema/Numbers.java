package io.adapt4j.structured.internal.schema;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.structured.internal.grammar.Node;
import io.adapt4j.structured.internal.regex.CharDfa;
import io.adapt4j.structured.internal.regex.RegexException;
import io.adapt4j.structured.internal.regex.RegexParser;
import io.adapt4j.structured.internal.regex.Remainders;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
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
        for (String keyword : List.of("minimum", "exclusiveMinimum", "format")) {
          BigDecimal bound = bound(part, keyword, "minimum");
          boolean exclusive = isExclusive(part, keyword);
          int order = bound == null ? -1 : min == null ? 1 : bound.compareTo(min);
          if (order > 0 || (order == 0 && exclusive)) {
            min = bound;
            above = exclusive;
          }
        }
        for (String keyword : List.of("maximum", "exclusiveMaximum", "format")) {
          BigDecimal bound = bound(part, keyword, "maximum");
          boolean exclusive = isExclusive(part, keyword);
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

  private static @Nullable BigDecimal bound(Part part, String keyword, String side) {
    return keyword.equals("format")
        ? Formats.bound(part, side).orElse(null)
        : number(part, keyword);
  }

  /** In draft 4 a boolean says whether the bound of the same side is exclusive. */
  private static boolean isExclusive(Part part, String keyword) {
    if (keyword.equals("format")) {
      return false;
    }
    String beside = keyword.equals("minimum") ? "exclusiveMinimum" : "exclusiveMaximum";
    return keyword.startsWith("exclusive")
        || (part.replacing() && part.get(beside).isBoolean() && part.get(beside).asBoolean());
  }

  private static @Nullable BigDecimal number(Part part, String keyword) {
    if (!part.has(keyword)) {
      return null;
    }
    JsonNode value = part.get(keyword);
    if (value.isBoolean() && part.replacing() && keyword.startsWith("exclusive")) {
      return null;
    }
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
    Set<String> others = excluded(parts);
    if (!others.isEmpty()) {
      return CharDfa.of(all)
          .and(CharDfa.ofTexts(others).complement())
          .and(Remainders.of(divisor.intValueExact()))
          .toNode("other number");
    }
    if (divisor.equals(BigInteger.ONE)) {
      return all;
    }
    try {
      return CharDfa.of(all).and(Remainders.of(divisor.intValueExact())).toNode("multiple");
    } catch (RegexException e) {
      throw unsupported(parts, "smaller: " + e.getMessage());
    }
  }

  /** Spellings of the integers that a number must not be. */
  private static Set<String> excluded(List<Part> parts) {
    Set<String> texts = new LinkedHashSet<>();
    for (Part part : parts) {
      for (JsonNode value : part.get(Negation.NOT_ENUM)) {
        if (value.isNumber() && Kind.of(value) == Kind.INTEGER) {
          BigDecimal number = Digits.checked(part, Negation.NOT_ENUM, value);
          texts.add(number.toBigInteger().toString());
          texts.add(number.signum() == 0 ? "-0" : "");
        }
      }
    }
    return texts;
  }

  /** The numbers that conform to all parts and are no integers. */
  static Node fractions(List<Part> parts) {
    Conditions conditions = Conditions.of(parts);
    Part at = parts.stream().filter(part -> part.has("type")).findFirst().orElseThrow();
    if (!conditions.divisors().isEmpty()) {
      throw unsupported(parts, "of any kind, not numbers other than integers");
    }
    try {
      // Without a bound decimals may have exponents; with one that excludes nothing they have none.
      NumberTexts.Range range = conditions.range();
      CharDfa decimals = CharDfa.of(NumberTexts.decimals(range, JsonTexts.MOST_FRACTION_DIGITS));
      return decimals
          .and(CharDfa.of(RegexParser.whole("-?\\d+\\.\\d*[1-9]\\d*")))
          .toNode("fraction");
    } catch (RegexException e) {
      throw at.refused("not", "expected simpler bounds of numbers: " + e.getMessage());
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
