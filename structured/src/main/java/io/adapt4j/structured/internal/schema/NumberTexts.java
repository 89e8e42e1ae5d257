package io.adapt4j.structured.internal.schema;

import io.adapt4j.structured.internal.grammar.CodePoints;
import io.adapt4j.structured.internal.grammar.Node;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Numbers in a range, written without an exponent. */
final class NumberTexts {

  /** Digits of an integer beyond those of its bounds, and the maximum after the point. */
  private static final int MORE_DIGITS = JsonTexts.MOST_INTEGER_DIGITS;

  private static final Node ANY_DIGITS =
      Node.repeat(digits('0', '9'), 0, JsonTexts.MOST_FRACTION_DIGITS);

  private NumberTexts() {}

  /** A range; a null bound is absent. */
  record Range(@Nullable BigDecimal min, boolean above, @Nullable BigDecimal max, boolean below) {

    boolean isUnbounded() {
      return min == null && max == null;
    }

    boolean isEmpty() {
      if (min == null || max == null) {
        return false;
      }
      int order = min.compareTo(max);
      return order > 0 || (order == 0 && (above || below));
    }

    private Range negated() {
      BigDecimal least = max == null ? null : max.negate();
      BigDecimal most = min == null ? null : min.negate();
      return new Range(least, /* above= */ below, most, /* below= */ above);
    }

    /** Returns the part from 0 on; empty if there is none. */
    private @Nullable Range notNegative() {
      if (max != null && (max.signum() < 0 || (max.signum() == 0 && below))) {
        return null;
      }
      return min == null || min.signum() < 0 ? new Range(BigDecimal.ZERO, false, max, below) : this;
    }

    /** Returns the part above 0, without a redundant -0; null if there is none. */
    private @Nullable Range positive() {
      if (max != null && max.signum() <= 0) {
        return null;
      }
      return min == null || min.signum() <= 0 ? new Range(BigDecimal.ZERO, true, max, below) : this;
    }

    /** The smallest integer, or null. */
    @Nullable BigInteger firstInteger() {
      if (min == null) {
        return null;
      }
      BigInteger floor = min.setScale(0, RoundingMode.CEILING).toBigInteger();
      return above && new BigDecimal(floor).compareTo(min) == 0 ? floor.add(BigInteger.ONE) : floor;
    }

    /** The largest integer, or null. */
    @Nullable BigInteger lastInteger() {
      BigInteger first = negated().firstInteger();
      return first == null ? null : first.negate();
    }
  }

  private static Node digits(int first, int last) {
    return first > last ? Node.NOTHING : new Node.Characters(CodePoints.of(first, last));
  }

  private static Node anyDigits(int count) {
    return Node.repeat(digits('0', '9'), count, count);
  }

  /** The integers of a range. */
  static Node integers(Range range) {
    if (range.isUnbounded()) {
      return JsonTexts.INTEGER;
    }
    BigInteger first = range.firstInteger();
    BigInteger last = range.lastInteger();
    List<Node> choices = new ArrayList<>();
    if (last == null || last.signum() >= 0) {
      choices.add(naturals(first == null ? BigInteger.ZERO : first.max(BigInteger.ZERO), last));
    }
    if (first == null || first.signum() < 0) {
      BigInteger least = last == null ? BigInteger.ONE : last.negate().max(BigInteger.ONE);
      choices.add(
          Node.sequence(Node.literal("-"), naturals(least, first == null ? null : first.negate())));
    }
    return Node.alternatives(choices);
  }

  private static Node naturals(BigInteger first, @Nullable BigInteger last) {
    if (last != null && first.compareTo(last) > 0) {
      return Node.NOTHING;
    }
    String low = first.toString();
    List<Node> choices = new ArrayList<>();
    if (last == null) {
      choices.add(atLeast(low));
      choices.add(
          Node.sequence(
              digits('1', '9'),
              Node.repeat(digits('0', '9'), low.length(), low.length() + MORE_DIGITS)));
      return Node.alternatives(choices);
    }
    String high = last.toString();
    if (low.length() == high.length()) {
      return between(low, high);
    }
    choices.add(atLeast(low));
    if (low.length() + 1 < high.length()) {
      choices.add(
          Node.sequence(
              digits('1', '9'), Node.repeat(digits('0', '9'), low.length(), high.length() - 2)));
    }
    choices.add(between("1" + "0".repeat(high.length() - 1), high));
    return Node.alternatives(choices);
  }

  /** Numbers with the same number of digits that are not smaller. */
  private static Node atLeast(String low) {
    if (low.isEmpty()) {
      return Node.EMPTY;
    }
    char digit = low.charAt(0);
    return Node.alternatives(
        Node.sequence(digits(digit, digit), atLeast(low.substring(1))),
        Node.sequence(digits(digit + 1, '9'), anyDigits(low.length() - 1)));
  }

  private static Node atMost(String high) {
    if (high.isEmpty()) {
      return Node.EMPTY;
    }
    char digit = high.charAt(0);
    return Node.alternatives(
        Node.sequence(digits(digit, digit), atMost(high.substring(1))),
        Node.sequence(digits('0', digit - 1), anyDigits(high.length() - 1)));
  }

  private static Node between(String low, String high) {
    if (low.isEmpty()) {
      return Node.EMPTY;
    }
    char first = low.charAt(0);
    char last = high.charAt(0);
    String lowRest = low.substring(1);
    String highRest = high.substring(1);
    if (first == last) {
      return Node.sequence(digits(first, first), between(lowRest, highRest));
    }
    return Node.alternatives(
        Node.sequence(digits(first, first), atLeast(lowRest)),
        Node.sequence(digits(first + 1, last - 1), anyDigits(lowRest.length())),
        Node.sequence(digits(last, last), atMost(highRest)));
  }

  /** The numbers of a range. */
  static Node decimals(Range range, int places) {
    if (range.isUnbounded() && places == Node.UNBOUNDED) {
      return JsonTexts.NUMBER;
    }
    if (range.isEmpty()) {
      return Node.NOTHING;
    }
    List<Node> choices = new ArrayList<>();
    Range positive = range.notNegative();
    if (positive != null) {
      choices.add(notNegative(positive, places));
    }
    Range negative = range.negated().positive();
    if (negative != null) {
      choices.add(Node.sequence(Node.literal("-"), notNegative(negative, places)));
    }
    return Node.alternatives(choices);
  }

  private static Node notNegative(Range range, int places) {
    if (range.isEmpty()) {
      return Node.NOTHING;
    }
    BigDecimal min = range.min() == null ? BigDecimal.ZERO : range.min();
    BigInteger low = min.toBigInteger();
    String lowFraction = fraction(min);
    Fractions from = new Fractions(places);
    if (range.max() == null) {
      return Node.alternatives(
          Node.sequence(naturals(low, low), from.between(lowFraction, range.above(), null, false)),
          Node.sequence(naturals(low.add(BigInteger.ONE), null), from.any()));
    }
    BigInteger high = range.max().toBigInteger();
    String highFraction = fraction(range.max());
    if (low.equals(high)) {
      return Node.sequence(
          naturals(low, low),
          from.between(lowFraction, range.above(), highFraction, range.below()));
    }
    return Node.alternatives(
        Node.sequence(naturals(low, low), from.between(lowFraction, range.above(), null, false)),
        Node.sequence(naturals(low.add(BigInteger.ONE), high.subtract(BigInteger.ONE)), from.any()),
        Node.sequence(naturals(high, high), from.between("", false, highFraction, range.below())));
  }

  /** Returns the digits after the point, without trailing zeros. */
  private static String fraction(BigDecimal value) {
    BigDecimal rest = value.subtract(new BigDecimal(value.toBigInteger())).stripTrailingZeros();
    if (rest.signum() == 0) {
      return "";
    }
    String text = rest.toPlainString();
    return text.substring(text.indexOf('.') + 1);
  }

  /** The text after the digits of the integer part. */
  private record Fractions(int places) {

    private Node rest(int used) {
      return places == Node.UNBOUNDED
          ? ANY_DIGITS
          : Node.repeat(NumberTexts.digits('0', '9'), 0, Math.max(0, places - used));
    }

    Node any() {
      return places == 0
          ? Node.EMPTY
          : Node.optional(Node.sequence(Node.literal("."), NumberTexts.digits('0', '9'), rest(1)));
    }

    /** Fractions between a lower and an upper bound; null is 1. */
    Node between(String low, boolean above, @Nullable String high, boolean below) {
      boolean zero = low.isEmpty() && !above && !(high != null && high.isEmpty() && below);
      List<Node> choices = new ArrayList<>();
      if (zero) {
        choices.add(Node.EMPTY);
      }
      choices.add(Node.sequence(Node.literal("."), digits(low, above, high, below, 0, true)));
      return Node.alternatives(choices);
    }

    /** Digits after a prefix that equals that of a bound; null bounds are satisfied. */
    private Node digits(
        @Nullable String low,
        boolean above,
        @Nullable String high,
        boolean below,
        int used,
        boolean first) {
      if (used > places) {
        return Node.NOTHING;
      }
      if (low == null && high == null && !first) {
        return rest(used);
      }
      List<Node> choices = new ArrayList<>();
      boolean reachesLow = low == null || (low.isEmpty() && !above);
      boolean keepsHigh = high == null || !high.isEmpty() || !below;
      if (!first && reachesLow && keepsHigh) {
        choices.add(Node.EMPTY);
      }
      if (used == places) {
        return Node.alternatives(choices);
      }
      char least = low == null || low.isEmpty() ? '0' : low.charAt(0);
      char most = high == null ? '9' : high.isEmpty() ? '0' : high.charAt(0);
      String lowRest = low == null || low.isEmpty() ? low : low.substring(1);
      String highRest = high == null || high.isEmpty() ? high : high.substring(1);
      // A digit either equals that of a bound, which then still applies, or lies between them.
      if (low != null && least <= most) {
        boolean both = high != null && least == most;
        choices.add(
            Node.sequence(
                NumberTexts.digits(least, least),
                endless(lowRest, above, both ? highRest : null, both && below, used + 1)));
      }
      int from = low == null ? least : least + 1;
      int to = high == null ? most : most - 1;
      if (from <= to) {
        choices.add(Node.sequence(NumberTexts.digits(from, to), rest(used + 1)));
      }
      if (high != null && (low == null || most > least)) {
        choices.add(
            Node.sequence(
                NumberTexts.digits(most, most), endless(null, false, highRest, below, used + 1)));
      }
      return Node.alternatives(choices);
    }

    /** The same for a bound without further digits, which would repeat itself forever. */
    private Node endless(
        @Nullable String low, boolean above, @Nullable String high, boolean below, int used) {
      boolean lowDone = low == null || low.isEmpty();
      boolean highDone = high == null || high.isEmpty();
      if (!lowDone || !highDone) {
        return digits(low, above, high, below, used, false);
      }
      Node zeros =
          Node.repeat(
              NumberTexts.digits('0', '0'),
              0,
              places == Node.UNBOUNDED
                  ? JsonTexts.MOST_FRACTION_DIGITS
                  : Math.max(0, places - used));
      if (high == null) {
        return low != null && above ? positive(used) : rest(used);
      }
      boolean nothing = below || (low != null && above);
      return nothing ? Node.NOTHING : zeros;
    }

    /** Digits that are not all zero. */
    private Node positive(int used) {
      if (places == Node.UNBOUNDED) {
        return Node.sequence(
            Node.repeat(NumberTexts.digits('0', '0'), 0, JsonTexts.MOST_FRACTION_DIGITS),
            NumberTexts.digits('1', '9'),
            ANY_DIGITS);
      }
      List<Node> choices = new ArrayList<>();
      for (int zeros = 0; used + zeros < places; zeros++) {
        choices.add(
            Node.sequence(
                Node.literal("0".repeat(zeros)),
                NumberTexts.digits('1', '9'),
                rest(used + zeros + 1)));
      }
      return Node.alternatives(choices);
    }
  }
}
