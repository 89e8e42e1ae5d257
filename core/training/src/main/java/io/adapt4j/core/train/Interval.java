package io.adapt4j.core.train;

import java.time.Duration;

/**
 * Interval of recurring actions during training.
 *
 * @param steps number of optimizer steps; 0 for the end of each epoch, or if a time is given
 * @param time minimum time between actions; zero to use steps or epochs
 */
public record Interval(int steps, Duration time) {

  /** At the end of each epoch. */
  public static final Interval EPOCH = new Interval(0);

  /**
   * Checks the values. Throws {@link IllegalArgumentException} if one is negative, or both are
   * given.
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
   * Creates an interval of steps or epochs.
   *
   * @param steps number of optimizer steps; 0 for the end of each epoch
   * @throws IllegalArgumentException if it is negative
   */
  public Interval(int steps) {
    this(steps, Duration.ZERO);
  }

  /**
   * Returns an interval of optimizer steps.
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
   * Returns an interval of time: after the first step that ends this long after the last time. For
   * saving only: the result of a run must not depend on the machine's speed.
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
