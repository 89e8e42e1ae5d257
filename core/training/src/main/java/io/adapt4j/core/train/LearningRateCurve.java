package io.adapt4j.core.train;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * Result of a learning-rate range test: the loss at each rate.
 *
 * @param points the steps, in the order of the rates
 * @param diverged whether the loss rose beyond the limit or ceased to be finite before the last
 *     rate
 */
public record LearningRateCurve(List<Point> points, boolean diverged) {

  /**
   * The rate at the minimum is a little too high to train at for long (Smith 2018, Gugger 2018).
   */
  private static final double BELOW_MINIMUM = 0.1;

  /** Points on either side over which a slope is measured. */
  private static final int REACH = 3;

  /**
   * A step of the test.
   *
   * @param rate its learning rate
   * @param loss its loss before the update, including penalties
   * @param smoothed exponential mean of the losses so far
   */
  public record Point(double rate, double loss, double smoothed) {}

  /** Copies the points. */
  public LearningRateCurve {
    points = List.copyOf(points);
  }

  /** {@return the rate with the lowest smoothed loss; empty if nothing could be trained} */
  public OptionalDouble atMinimum() {
    return points.stream()
        .min(Comparator.comparingDouble(Point::smoothed))
        .map(point -> OptionalDouble.of(point.rate()))
        .orElse(OptionalDouble.empty());
  }

  /**
   * {@return the rate at which the smoothed loss falls fastest, by the logarithm of the rate; empty
   * if it never falls}
   */
  public OptionalDouble steepest() {
    double lowest = 0;
    OptionalDouble rate = OptionalDouble.empty();
    for (int i = REACH; i + REACH < points.size(); i++) {
      double slope = points.get(i + REACH).smoothed() - points.get(i - REACH).smoothed();
      if (slope < lowest) {
        lowest = slope;
        rate = OptionalDouble.of(points.get(i).rate());
      }
    }
    return rate;
  }

  /**
   * Returns the rate to try: the smaller of {@link #steepest} and a tenth of {@link #atMinimum}.
   *
   * @return a peak learning rate; empty if the loss never falls
   */
  public OptionalDouble suggestion() {
    OptionalDouble steepest = steepest();
    return steepest.isEmpty()
        ? steepest
        : OptionalDouble.of(
            Math.min(steepest.getAsDouble(), BELOW_MINIMUM * atMinimum().getAsDouble()));
  }

  /**
   * Formats the curve as a table.
   *
   * @return lines of rate, loss and smoothed loss, separated by tabs, with a heading
   */
  public String toTable() {
    StringBuilder table = new StringBuilder("rate\tloss\tsmoothed\n");
    for (Point point : points) {
      table.append(
          String.format(
              Locale.ROOT, "%.3e\t%.4f\t%.4f%n", point.rate(), point.loss(), point.smoothed()));
    }
    return table.toString();
  }
}
