package io.adapt4j.benchmarks.harness;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.math.BigDecimal;
import java.util.Locale;

/**
 * One measured number.
 *
 * @param name its name, unique among the measurements of a benchmark and setting
 * @param unit its unit; empty for a ratio or a share
 * @param value the number
 * @param error half the width of the interval around it; null if measured once
 * @param largerIsBetter the direction of improvement
 * @param ratio whether both of its sides were measured in the same run, so that it is comparable
 *     across machines
 * @param target bound to reach; null if none is set
 * @param label name without the benchmark's context; empty if it is not shown in tables
 * @param peer another program's figure for the same; null if there is none
 */
public record Measurement(
    String name,
    String unit,
    double value,
    Double error,
    boolean largerIsBetter,
    boolean ratio,
    Double target,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) String label,
    Peer peer) {

  private static final int SIGNIFICANT = 3;
  private static final int MOST_DIGITS = 12;

  /** Checks that the numbers are finite. */
  public Measurement {
    unit = unit == null ? "" : unit;
    label = label == null ? "" : label;
    if (name.isBlank()) {
      throw new IllegalArgumentException("A figure has no name; its value is " + value);
    }
    if (!Double.isFinite(value) || (error != null && !(error >= 0 && Double.isFinite(error)))) {
      throw new IllegalArgumentException(
          "%s: expected a finite value and an error of at least 0, found %s, %s"
              .formatted(name, value, error));
    }
  }

  private static Measurement of(
      String name, String unit, double value, boolean largerIsBetter, boolean ratio) {
    return new Measurement(name, unit, value, null, largerIsBetter, ratio, null, "", null);
  }

  /** Returns a measurement that should be large, without error, target or label. */
  public static Measurement larger(String name, String unit, double value) {
    return of(name, unit, value, true, false);
  }

  /** Returns a measurement that should be small, without error, target or label. */
  public static Measurement smaller(String name, String unit, double value) {
    return of(name, unit, value, false, false);
  }

  /** Returns a ratio, both sides from the same run, that should be large. */
  public static Measurement largerRatio(String name, double value) {
    return of(name, "", value, true, true);
  }

  /** Returns a ratio, both sides from the same run, that should be small. */
  public static Measurement smallerRatio(String name, double value) {
    return of(name, "", value, false, true);
  }

  /** Sets the error: half the width of the interval. */
  public Measurement plusMinus(double half) {
    return new Measurement(name, unit, value, half, largerIsBetter, ratio, target, label, peer);
  }

  /** Sets the target: the minimum of a measurement that should be large, else the maximum. */
  public Measurement target(double bound) {
    return new Measurement(name, unit, value, error, largerIsBetter, ratio, bound, label, peer);
  }

  /** Shows the measurement in the table under a name. */
  public Measurement label(String alone) {
    return new Measurement(name, unit, value, error, largerIsBetter, ratio, target, alone, peer);
  }

  /** Sets another program's figure for the same; null for none. */
  public Measurement beside(Peer other) {
    return new Measurement(name, unit, value, error, largerIsBetter, ratio, target, label, other);
  }

  Measurement withoutTarget() {
    return new Measurement(name, unit, value, error, largerIsBetter, ratio, null, label, peer);
  }

  /** Returns whether the target is reached or there is none. */
  public boolean reached() {
    return target == null || (largerIsBetter ? value >= target : value <= target);
  }

  /** Writes the number with its error and unit, such as {@code 431 ± 5 tokens/s}. */
  public String text() {
    return (text(value, error) + " " + unit).strip();
  }

  /** Writes a number with its error, if it has one. */
  static String text(double value, Double error) {
    int digits = digits(value);
    String margin = "";
    if (error != null) {
      // More digits if the error would otherwise round to zero.
      boolean hidden = error > 0 && error < Math.pow(10, -digits) / 2;
      margin = " \u00b1 " + fixed(error, hidden ? digits(error) - 2 : digits);
    }
    return fixed(value, digits) + margin;
  }

  /** Writes the target, such as {@code at least 0.21}; empty if there is none. */
  public String targetText() {
    if (target == null) {
      return "";
    }
    BigDecimal exact = new BigDecimal(Double.toString(target)).stripTrailingZeros();
    String bound = String.format(Locale.ROOT, "%,." + Math.max(0, exact.scale()) + "f", exact);
    return ((largerIsBetter ? "at least " : "at most ") + bound + " " + unit).strip();
  }

  /** Returns the number of decimals for three significant digits; none from 100 on. */
  private static int digits(double number) {
    int before = number == 0 ? SIGNIFICANT : (int) Math.floor(Math.log10(Math.abs(number))) + 1;
    return Math.min(MOST_DIGITS, Math.max(0, SIGNIFICANT - before));
  }

  private static String fixed(double number, int digits) {
    return String.format(Locale.ROOT, "%,." + Math.max(0, digits) + "f", number);
  }
}
