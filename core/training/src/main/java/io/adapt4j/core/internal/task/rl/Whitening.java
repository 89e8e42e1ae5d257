package io.adapt4j.core.internal.task.rl;

/** Scales numbers to unit variance. */
public final class Whitening {

  private static final double EPSILON = 1e-8;

  private Whitening() {}

  /** Whitens numbers, and shifts them to mean 0 if {@code centered}. */
  public static double[] of(double[] values, boolean centered) {
    MeanVariance meanVariance = MeanVariance.of(values, 0, values.length);
    double[] whitened = values.clone();
    if (meanVariance.count() < 2) {
      return whitened;
    }
    double scale = 1 / Math.sqrt(meanVariance.variance() + EPSILON);
    for (int i = 0; i < whitened.length; i++) {
      whitened[i] =
          (values[i] - meanVariance.mean()) * scale + (centered ? 0 : meanVariance.mean());
    }
    return whitened;
  }
}
