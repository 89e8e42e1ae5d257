package io.adapt4j.core.internal.task.rl;

import java.util.Arrays;

/** Quantiles with linear interpolation between neighbors. */
final class Quantile {

  private Quantile() {}

  /** Returns a quantile; NaN of no values. */
  static double of(float[] values, double share) {
    if (values.length == 0) {
      return Double.NaN;
    }
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    double place = share * (sorted.length - 1);
    int below = (int) Math.floor(place);
    int above = Math.min(sorted.length - 1, below + 1);
    // In single precision as the entropies are, so that a value equal to the quantile reaches it.
    return (float) (sorted[below] + (place - below) * ((double) sorted[above] - sorted[below]));
  }
}
