package io.adapt4j.benchmarks.suite;

import java.util.Objects;
import java.util.OptionalDouble;

/**
 * One measured number.
 *
 * @param name its name, unique among the measurements of a benchmark and setting
 * @param unit its unit; empty for a ratio or a share
 * @param value the number
 * @param error half the width of the interval around it; empty if measured once
 * @param largerIsBetter the direction of improvement
 * @param ratio whether both of its sides were measured in the same run, so that it is comparable
 *     across machines
 * @param target bound to reach; empty if none is set
 * @param label name without the benchmark's context; empty if it is not shown in the table
 */
public record Measurement(
    String name,
    String unit,
    double value,
    OptionalDouble error,
    boolean largerIsBetter,
    boolean ratio,
    OptionalDouble target,
    String label) {

  /** Checks that the numbers are finite. */
  public Measurement {
    Objects.requireNonNull(unit, "unit");
    Objects.requireNonNull(label, "label");
    if (name.isBlank()) {
      throw new IllegalArgumentException("A figure has no name; its value is " + value);
    }
    if (!Double.isFinite(value) || !Double.isFinite(error.orElse(0)) || error.orElse(0) < 0) {
      throw new IllegalArgumentException(
          "%s: expected a finite value and an error of at least 0, found %s, %s"
              .formatted(name, value, error));
    }
  }

  /** Returns a measurement that should be large, without error, target or label. */
  public static Measurement larger(String name, String unit, double value) {
    return new Measurement(
        name, unit, value, OptionalDouble.empty(), true, false, OptionalDouble.empty(), "");
  }

  /** Returns a measurement that should be small, without error, target or label. */
  public static Measurement smaller(String name, String unit, double value) {
    return new Measurement(
        name, unit, value, OptionalDouble.empty(), false, false, OptionalDouble.empty(), "");
  }

  /**
   * Returns a share or ratio that should be large and whose sides were measured in the same run.
   */
  public static Measurement largerRatio(String name, double value) {
    return new Measurement(
        name, "", value, OptionalDouble.empty(), true, true, OptionalDouble.empty(), "");
  }

  /**
   * Returns a share or ratio that should be small and whose sides were measured in the same run.
   */
  public static Measurement smallerRatio(String name, double value) {
    return new Measurement(
        name, "", value, OptionalDouble.empty(), false, true, OptionalDouble.empty(), "");
  }

  /** Sets the error: half the width of the interval. */
  public Measurement plusMinus(double half) {
    return new Measurement(
        name, unit, value, OptionalDouble.of(half), largerIsBetter, ratio, target, label);
  }

  /** Sets the target: the minimum of a measurement that should be large, else the maximum. */
  public Measurement target(double bound) {
    return new Measurement(
        name, unit, value, error, largerIsBetter, ratio, OptionalDouble.of(bound), label);
  }

  /** Shows the measurement in the table under a name. */
  public Measurement label(String alone) {
    return new Measurement(name, unit, value, error, largerIsBetter, ratio, target, alone);
  }

  /** Returns whether the target is reached or there is none. */
  public boolean reached() {
    double bound = target.orElse(value);
    return largerIsBetter ? value >= bound : value <= bound;
  }

  /** Writes the number with its error and unit, such as {@code 431 ± 5 tokens/s}. */
  public String text() {
    int digits = Digits.after(value);
    String number = Digits.fixed(value, digits);
    String margin = error.isPresent() ? " \u00b1 " + margin(digits) : "";
    return (number + margin + " " + unit).strip();
  }

  /** Formats the error, with more digits if it would otherwise round to zero. */
  private String margin(int digits) {
    double half = error.orElseThrow();
    boolean hidden = half > 0 && half < Math.pow(10, -digits) / 2;
    return Digits.fixed(half, hidden ? Digits.after(half) - 2 : digits);
  }

  /** Writes the target, such as {@code at least 0.21}; empty if there is none. */
  public String targetText() {
    if (target.isEmpty()) {
      return "";
    }
    String bound = Digits.shortest(target.getAsDouble());
    return ((largerIsBetter ? "at least " : "at most ") + bound + " " + unit).strip();
  }
}
