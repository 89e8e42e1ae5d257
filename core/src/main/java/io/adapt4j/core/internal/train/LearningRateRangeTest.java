package io.adapt4j.core.internal.train;

/**
 * The learning-rate range test (Smith 2017, section 3.3): trains a few steps at exponentially
 * growing rates and watches the loss. Immutable.
 *
 * @param from the first rate, above 0
 * @param to the last rate, above the first
 * @param steps how many steps at most, 10 to 500
 * @param smoothing weight of the past in the smoothed loss, in [0, 1)
 * @param divergence the sweep ends when the smoothed loss exceeds its lowest value times this;
 *     above 1
 */
public record LearningRateRangeTest(
    double from, double to, int steps, double smoothing, double divergence) {

  private static final int MIN_STEPS = 10;
  private static final int MAX_STEPS = 500;

  /**
   * Checks the ranges.
   *
   * @param from the first rate, above 0
   * @param to the last rate, above the first
   * @param steps how many steps at most, 10 to 500
   * @param smoothing weight of the past in the smoothed loss, in [0, 1)
   * @param divergence when the sweep ends, above 1
   * @throws IllegalArgumentException if a value is out of its range
   */
  public LearningRateRangeTest {
    if (!(from > 0 && to > from && Double.isFinite(to))) {
      throw new IllegalArgumentException(
          "a sweep goes from a rate above 0 to a larger one, found " + from + " to " + to);
    }
    if (steps < MIN_STEPS || steps > MAX_STEPS) {
      throw new IllegalArgumentException("steps must be 10 to 500, found " + steps);
    }
    if (!(smoothing >= 0 && smoothing < 1)) {
      throw new IllegalArgumentException("smoothing must be in [0, 1), found " + smoothing);
    }
    if (!(divergence > 1)) {
      throw new IllegalArgumentException("divergence must be above 1, found " + divergence);
    }
  }

  /**
   * Makes the default sweep.
   *
   * @return from 1e-6 to 1 in at most 100 steps, smoothed by 0.9, ending at 1.5 times the lowest
   *     loss
   */
  public static LearningRateRangeTest standard() {
    return new LearningRateRangeTest(1e-6, 1, 100, 0.9, 1.5);
  }

  /**
   * Changes the number of steps.
   *
   * @param count 10 to 500
   * @return a changed copy
   * @throws IllegalArgumentException if it is out of range
   */
  public LearningRateRangeTest steps(int count) {
    return new LearningRateRangeTest(from, to, count, smoothing, divergence);
  }

  /**
   * Changes the rates.
   *
   * @param first above 0
   * @param last above the first
   * @return a changed copy
   * @throws IllegalArgumentException if they are out of range
   */
  public LearningRateRangeTest rates(double first, double last) {
    return new LearningRateRangeTest(first, last, steps, smoothing, divergence);
  }

  /**
   * The rate of a step.
   *
   * @param step from 0
   * @return from * (to / from)^(step / (steps - 1))
   */
  public double rate(int step) {
    return from * Math.pow(to / from, step / (steps - 1.0));
  }
}
