package io.adapt4j.core.internal.task.distillation;

import java.util.Arrays;

/** Token weights of losses that are means over completions of means over their tokens. */
public final class RowMeans {

  /** Absolute limit of log-ratios. */
  private static final double MOST = 20;

  private RowMeans() {}

  /** Returns the weight of each token: 1 over the tokens of its completion. */
  public static float[] weights(int[] lengths) {
    float[] weights = new float[Arrays.stream(lengths).sum()];
    int at = 0;
    for (int length : lengths) {
      Arrays.fill(weights, at, at + length, 1f / Math.max(1, length));
      at += length;
    }
    return weights;
  }

  /**
   * Multiplies weights by the ratios of the tokens' probabilities now and when sampled, at most a
   * limit (truncated importance sampling).
   */
  public static void correct(float[] weights, float[] now, float[] sampled, double limit) {
    for (int i = 0; i < weights.length; i++) {
      double logRatio = Math.max(-MOST, Math.min(MOST, (double) now[i] - sampled[i]));
      weights[i] *= (float) Math.min(limit, Math.exp(logRatio));
    }
  }
}
