package io.adapt4j.gguf.format;

/**
 * The search of {@link AffineSearch} over one block, written like the reference: also correct if
 * levels leave the range in which its rounding is exact.
 */
final class AffineBlockSearch {

  final float[] x;
  final float[] weights;

  /** The levels of the best trial. */
  final int[] levels;

  private final int top;
  private final int[] trialLevels;
  private float scale;
  private float start;
  private float sumL;
  private float sumL2;
  private float sumXl;

  AffineBlockSearch(int values, int top) {
    this.top = top;
    x = new float[values];
    weights = new float[values];
    levels = new int[values];
    trialLevels = new int[values];
  }

  float scale() {
    return scale;
  }

  float start() {
    return start;
  }

  void search(Trials trials) {
    float least = x[0];
    float largest = x[0];
    float sumW = weights[0];
    float sumX = sumW * x[0];
    for (int i = 1; i < x.length; i++) {
      least = x[i] < least ? x[i] : least;
      largest = x[i] > largest ? x[i] : largest;
      sumW += weights[i];
      sumX += weights[i] * x[i];
    }
    start = least > 0 ? 0 : least;
    float inverse = top / (largest - start);
    scale = 1 / inverse;
    round(inverse);
    keep();
    float best = error(scale, start, trials.absolute());
    for (int trial = 0; trial <= trials.last(); trial++) {
      round(trials.divisor(trial, top) / (largest - start));
      float divisor = sumW * sumL2 - sumL * sumL;
      if (!(divisor > 0)) {
        continue;
      }
      float trialScale = (sumW * sumXl - sumX * sumL) / divisor;
      float trialStart = (sumL2 * sumX - sumL * sumXl) / divisor;
      if (trialStart > 0) {
        trialStart = 0;
        trialScale = sumXl / sumL2;
      }
      float error = error(trialScale, trialStart, trials.absolute());
      if (error < best) {
        best = error;
        scale = trialScale;
        start = trialStart;
        keep();
      }
    }
  }

  private void round(float inverse) {
    sumL = 0;
    sumL2 = 0;
    sumXl = 0;
    for (int i = 0; i < x.length; i++) {
      int level = Math.max(0, Math.min(top, Lanes.nearest(inverse * (x[i] - start))));
      trialLevels[i] = level;
      float weighted = weights[i] * level;
      sumL += weighted;
      sumL2 += weighted * level;
      sumXl += weighted * x[i];
    }
  }

  private float error(float scale, float start, boolean absolute) {
    float sum = 0;
    for (int i = 0; i < x.length; i++) {
      float difference = (scale * trialLevels[i] + start) - x[i];
      sum += weights[i] * (absolute ? Math.abs(difference) : difference * difference);
    }
    return sum;
  }

  private void keep() {
    System.arraycopy(trialLevels, 0, levels, 0, levels.length);
  }
}
