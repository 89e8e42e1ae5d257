package io.adapt4j.core.train;

import java.time.Duration;

/**
 * How often something happens during training.
 *
 * @param steps optimizer steps between; 0 for the end of each epoch, or where a time is given
 * @param time at least this long between; zero to go by steps or epochs
 */
public record Interval(int steps, Duration time) {

  /** At the end of each epoch. */
  public static final Interval EPOCH = new Interval(0);

  /**
   * Checks both.
   *
   * @param steps optimizer steps between; 0 for the end of each epoch
   * @param time at least this long between; zero to go by steps or epochs
   * @throws IllegalArgumentException if one is negative, or both are given
   */
  public Interval {
    if (steps < 0) {
      throw new IllegalArgumentException("an interval must not be negative, found " + steps);
    }
    if (time.isNegative() || (steps > 0 && !time.isZero())) {
      throw new IllegalArgumentException(
          "an interval is a number of steps or a time, found " + steps + " and " + time);
    }
  }

  /**
   * Makes an interval of steps or epochs.
   *
   * @param steps optimizer steps between; 0 for the end of each epoch
   * @throws IllegalArgumentException if it is negative
   */
  public Interval(int steps) {
    this(steps, Duration.ZERO);
  }

  /**
   * Every so many optimizer steps.
   *
   * @param steps at least 1
   * @return the interval
   * @throws IllegalArgumentException if it is smaller
   */
  public static Interval steps(int steps) {
    if (steps < 1) {
      throw new IllegalArgumentException("an interval must be at least 1 step, found " + steps);
    }
    return new Interval(steps);
  }

  /**
   * After the first step that ends so long after the last time. For saving only: what a run
   * computes must not depend on how fast the machine is.
   *
   * @param time above zero
   * @return the interval
   * @throws IllegalArgumentException if it is not
   */
  public static Interval every(Duration time) {
    if (time.isZero() || time.isNegative()) {
      throw new IllegalArgumentException("an interval must be above zero, found " + time);
    }
    return new Interval(0, time);
  }

  /** {@return whether the interval is a time, not steps or epochs} */
  public boolean isTime() {
    return !time.isZero();
  }
}
