package io.adapt4j.verification.internal;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The value of a quantity that is worst against its tolerance.
 *
 * @param error absolute difference from the expected value; NaN if there is no number
 */
public record Deviation(double error, double tolerance) {

  /** Initial value, which passes no check, so that comparing nothing is a failure. */
  public static final Deviation NONE = new Deviation(Double.NaN, Double.POSITIVE_INFINITY);

  /** Returns whether the error is within the tolerance; NaN never is. */
  public boolean passes() {
    return error <= tolerance;
  }

  public static Deviation of(double found, double expected, double absolute, double relative) {
    return Double.isFinite(expected)
        ? new Deviation(Math.abs(found - expected), absolute + relative * Math.abs(expected))
        : new Deviation(Double.NaN, absolute);
  }

  public static Deviation of(double found, double expected, double absolute) {
    return of(found, expected, absolute, 0);
  }

  /** Compares with an expected number; a non-number passes no check. */
  public static Deviation of(double found, JsonNode expected, double absolute) {
    return of(found, expected, absolute, 0);
  }

  public static Deviation of(float[] found, float[] expected, double absolute) {
    return of(found, expected, absolute, 0);
  }

  /** Compares with a tolerance relative to the value or 1, whichever is larger. */
  public static Deviation scaled(double found, double expected, double tolerance) {
    return Double.isFinite(expected)
        ? new Deviation(Math.abs(found - expected), tolerance * Math.max(1, Math.abs(expected)))
        : new Deviation(Double.NaN, tolerance);
  }

  /** Returns the worst deviation of all values, with tolerances relative to each or 1. */
  public static Deviation scaled(float[] found, float[] expected, double tolerance) {
    if (found.length != expected.length) {
      throw new GoldenException("expected " + expected.length + " values, found " + found.length);
    }
    return worst(expected.length, i -> scaled(found[i], expected[i], tolerance));
  }

  public static Deviation of(double found, JsonNode expected, double absolute, double relative) {
    return of(found, expected.asDouble(Double.NaN), absolute, relative);
  }

  /** Returns the worst deviation of all values. */
  public static Deviation of(float[] found, float[] expected, double absolute, double relative) {
    long[] all = new long[expected.length];
    Arrays.fill(all, 1);
    return masked(found, expected, all, absolute, relative);
  }

  /**
   * Returns the worst deviation at positions whose mask is 1; all positions have the same number of
   * values.
   */
  public static Deviation masked(
      float[] found, float[] expected, long[] mask, double absolute, double relative) {
    if (found.length != expected.length) {
      throw new GoldenException("expected " + expected.length + " values, found " + found.length);
    }
    if (mask.length == 0 || expected.length % mask.length != 0) {
      throw new GoldenException(
          expected.length + " expected values do not divide into " + mask.length + " positions");
    }
    int width = expected.length / mask.length;
    Deviation worst = NONE;
    for (int i = 0; i < expected.length; i++) {
      if (mask[i / width] == 1) {
        worst = worst.or(of(found[i], expected[i], absolute, relative));
      }
    }
    return worst;
  }

  /** Returns the worst deviation, tolerated relative to the larger of 1 and the expected value. */
  public static Deviation relative(float[] found, float[] expected, double tolerance) {
    if (found.length != expected.length) {
      throw new GoldenException("expected " + expected.length + " values, found " + found.length);
    }
    return worst(
        expected.length,
        i -> of(found[i], expected[i], tolerance * Math.max(1, Math.abs(expected[i]))));
  }

  /** Returns the worst of numbered deviations; {@link #NONE} if there are none. */
  public static Deviation worst(int count, IntFunction<Deviation> deviations) {
    return IntStream.range(0, count).mapToObj(deviations).reduce(NONE, Deviation::or);
  }

  /** Returns the worse of two deviations. */
  public Deviation or(Deviation other) {
    if (this.equals(NONE)) {
      return other;
    }
    return ratio() >= other.ratio() ? this : other;
  }

  /** Returns the error relative to the tolerance; infinite for NaN, so that it stays the worst. */
  private double ratio() {
    if (Double.isNaN(error)) {
      return Double.POSITIVE_INFINITY;
    }
    return error == 0 ? 0 : error / tolerance;
  }
}
