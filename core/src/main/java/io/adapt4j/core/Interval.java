package io.adapt4j.core;

/**
 * How often something happens during training.
 *
 * @param steps optimizer steps between; 0 for the end of each epoch
 */
public record Interval(int steps) {

  /** At the end of each epoch. */
  public static final Interval EPOCH = new Interval(0);

  /**
   * Checks the number of steps.
   *
   * @param steps optimizer steps between; 0 for the end of each epoch
   * @throws IllegalArgumentException if it is negative
   */
  public Interval {
    if (steps < 0) {
      throw new IllegalArgumentException("an interval must not be negative, found " + steps);
    }
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
}
