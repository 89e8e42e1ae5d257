package io.adapt4j.core.internal.task.rl;

/** Scales numbers to a variance of 1. */
public final class Whitening {

  private static final double EPSILON = 1e-8;

  private Whitening() {}

  /**
   * Whitens.
   *
   * @param values the numbers; fewer than two stay as they are
   * @param centred whether their mean becomes 0, or stays
   * @return the whitened numbers
   */
  public static double[] of(double[] values, boolean centred) {
    Moments moments = Moments.of(values, 0, values.length);
    double[] whitened = values.clone();
    if (moments.count() < 2) {
      return whitened;
    }
    double scale = 1 / Math.sqrt(moments.variance() + EPSILON);
    for (int i = 0; i < whitened.length; i++) {
      whitened[i] = (values[i] - moments.mean()) * scale + (centred ? 0 : moments.mean());
    }
    return whitened;
  }
}
