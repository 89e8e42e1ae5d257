package io.adapt4j.gguf.format;

import java.util.Arrays;

/**
 * Quantizes the nonnegative scales of a block's parts to multiples of one scale, by the steps of
 * ggml's {@code make_qp_quants}.
 */
final class ScaleFit {

  private static final float NO_MAGNITUDE = 1e-15f;
  private static final int TRIALS = 4;
  private static final int ROUNDS = 5;

  private final int top;

  /** The last multiples, as unsigned bytes. */
  final int[] levels;

  private float sumLx;
  private float sumL2;

  ScaleFit(int parts, int top) {
    this.top = top;
    levels = new int[parts];
  }

  float fit(float[] x, float[] weights, int offset) {
    int parts = levels.length;
    float max = 0;
    for (int i = 0; i < parts; i++) {
      max = max > x[offset + i] ? max : x[offset + i];
    }
    if (max < NO_MAGNITUDE) {
      Arrays.fill(levels, 0);
      return 0;
    }
    float inverse = bestInverse(x, weights, offset, max);
    sumLx = 0;
    sumL2 = 0;
    for (int i = 0; i < parts; i++) {
      int level = Math.min(top, Lanes.nearest(inverse * x[offset + i]));
      levels[i] = level & 0xFF;
      float weight = weights[offset + i];
      sumLx += weight * x[offset + i] * level;
      sumL2 += weight * level * level;
    }
    for (int round = 0; round < ROUNDS && improve(x, weights, offset); round++) {}
    return sumL2 > 0 ? sumLx / sumL2 : 0;
  }

  private float bestInverse(float[] x, float[] weights, int offset, float max) {
    float best = top / max;
    float scale = 1 / best;
    float least = 0;
    for (int i = 0; i < levels.length; i++) {
      int level = Lanes.nearest(best * x[offset + i]) & 0xFF;
      float difference = x[offset + i] - scale * level;
      least += weights[offset + i] * difference * difference;
    }
    for (int trial = -TRIALS; trial <= TRIALS; trial++) {
      if (trial == 0) {
        continue;
      }
      float inverse = (0.1f * trial + top) / max;
      float trialScale = 1 / inverse;
      float error = 0;
      for (int i = 0; i < levels.length; i++) {
        int level = Math.min(top, Lanes.nearest(inverse * x[offset + i]));
        float difference = x[offset + i] - trialScale * level;
        error += weights[offset + i] * difference * difference;
      }
      if (error < least) {
        least = error;
        best = inverse;
      }
    }
    return best;
  }

  /** Updates each level by the fit of the others; returns whether any changed. */
  private boolean improve(float[] x, float[] weights, int offset) {
    boolean isChanged = false;
    for (int i = 0; i < levels.length; i++) {
      float value = x[offset + i];
      float weight = weights[offset + i];
      float otherLx = sumLx - weight * value * levels[i];
      float otherL2 = sumL2 - weight * levels[i] * levels[i];
      if (otherLx > 0 && otherL2 > 0) {
        int level = Math.min(top, Lanes.nearest(value * otherL2 / otherLx));
        if (level != levels[i]) {
          otherLx += weight * value * level;
          otherL2 += weight * level * level;
          if (otherLx * otherLx * sumL2 > sumLx * sumLx * otherL2) {
            levels[i] = level & 0xFF;
            sumLx = otherLx;
            sumL2 = otherL2;
            isChanged = true;
          }
        }
      }
    }
    return isChanged;
  }
}
