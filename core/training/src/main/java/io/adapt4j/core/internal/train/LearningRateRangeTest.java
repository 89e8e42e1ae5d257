package io.adapt4j.core.internal.train;

/**
 * Settings of the learning-rate range test (Smith 2017, section 3.3): trains some steps at
 * exponentially increasing rates and observes the loss. Immutable.
 */
public record LearningRateRangeTest(
    double from, double to, int steps, double smoothing, double divergence) {

  private static final int MIN_STEPS = 10;
  private static final int MAX_STEPS = 500;

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

  /** Returns the default settings. */
  public static LearningRateRangeTest standard() {
    return new LearningRateRangeTest(1e-6, 1, 100, 0.9, 1.5);
  }

  /** Changes the number of steps. */
  public LearningRateRangeTest steps(int count) {
    return new LearningRateRangeTest(from, to, count, smoothing, divergence);
  }

  /** Changes the rates. */
  public LearningRateRangeTest rates(double first, double last) {
    return new LearningRateRangeTest(first, last, steps, smoothing, divergence);
  }

  public double rate(int step) {
    return from * Math.pow(to / from, step / (steps - 1.0));
  }
}
