package io.adapt4j.rag.index;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/** Exact conversion of bounds between Long and Double, so that numbers are compared by value. */
final class Numbers {

  private static final BigDecimal LEAST = BigDecimal.valueOf(Long.MIN_VALUE);
  private static final BigDecimal MOST = BigDecimal.valueOf(Long.MAX_VALUE);

  private Numbers() {}

  private static BigDecimal exact(Number number) {
    return number instanceof Long whole
        ? BigDecimal.valueOf(whole)
        : new BigDecimal(number.doubleValue());
  }

  /** A range of longs; empty if it ends before it begins. */
  record Longs(long least, long most) {

    boolean isEmpty() {
      return least > most;
    }
  }

  /** Returns the longs between two numbers; null means no limit. */
  static Longs longs(@Nullable Number least, @Nullable Number most) {
    BigDecimal from = least == null ? LEAST : exact(least).setScale(0, RoundingMode.CEILING);
    BigDecimal to = most == null ? MOST : exact(most).setScale(0, RoundingMode.FLOOR);
    if (from.compareTo(MOST) > 0 || to.compareTo(LEAST) < 0) {
      return new Longs(1, 0);
    }
    return new Longs(from.max(LEAST).longValueExact(), to.min(MOST).longValueExact());
  }

  /** Returns the smallest double that is not below a number. */
  static double notBelow(Number number) {
    double near = positiveZero(number.doubleValue());
    return new BigDecimal(near).compareTo(exact(number)) < 0 ? Math.nextUp(near) : near;
  }

  /** Returns the largest double that is not above a number. */
  static double notAbove(Number number) {
    double near = positiveZero(number.doubleValue());
    return new BigDecimal(near).compareTo(exact(number)) > 0 ? Math.nextDown(near) : near;
  }

  /** Returns a number with -0.0 replaced by 0.0, which Lucene treats as different. */
  static double positiveZero(double number) {
    return number == 0 ? 0.0 : number;
  }
}
