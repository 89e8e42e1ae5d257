package io.adapt4j.gguf.format;

import java.util.Arrays;

/**
 * Finds for each block the scale and the minimum with the least weighted squared error, by the
 * steps of ggml's {@code make_qkx2_quants} and {@code make_qkx3_quants}: for each trial scale,
 * round, fit values to levels by linear least squares, and keep the fit if it is better.
 *
 * <p>Holds the buffers of a batch; not thread-safe.
 */
final class AffineSearch {

  /** Excess of the start over the minimum value beyond which rounding could leave its range. */
  private static final float MAX_EXCESS = 1e5f;

  /** Smallest range for which levels per range stay finite. */
  private static final float MIN_RANGE = 1e-30f;

  final float[][] x;
  final float[][] weights;
  final float[][] levels;

  /** Scale of each block; nonnegative except for degenerate fits. */
  final float[] scale;

  /** Offset added to scaled levels of each block, 0 or less. */
  final float[] start;

  /** Sum of each block's weights. */
  final float[] sumW;

  private final int values;
  private final int top;
  private final float[] least;
  private final float[] largest;
  private final float[] sumX;
  private final float[] inverse;
  private final float[] sumL;
  private final float[] sumL2;
  private final float[] sumXl;
  private final float[] divisor;
  private final float[] trialScale;
  private final float[] trialStart;
  private final float[] error;
  private final float[] bestError;
  private final float[] bestInverse;
  private final float[] bestStart;
  private final boolean[] irregular;
  private final AffineBlockSearch single;
  private Trials trials = new Trials(0, 0, 0);
  private boolean anyIrregular;

  /** Allocates the buffers. */
  AffineSearch(int values, int lanes, int top) {
    this.values = values;
    this.top = top;
    x = new float[values][lanes];
    weights = new float[values][lanes];
    levels = new float[values][lanes];
    scale = new float[lanes];
    start = new float[lanes];
    sumW = new float[lanes];
    least = new float[lanes];
    largest = new float[lanes];
    sumX = new float[lanes];
    inverse = new float[lanes];
    sumL = new float[lanes];
    sumL2 = new float[lanes];
    sumXl = new float[lanes];
    divisor = new float[lanes];
    trialScale = new float[lanes];
    trialStart = new float[lanes];
    error = new float[lanes];
    bestError = new float[lanes];
    bestInverse = new float[lanes];
    bestStart = new float[lanes];
    irregular = new boolean[lanes];
    single = new AffineBlockSearch(values, top);
  }

  /** Searches for the blocks whose values and weights are in the lanes. */
  void search(int lanes, Trials trials) {
    this.trials = trials;
    begin(lanes);
    for (int trial = 0; trial <= trials.last(); trial++) {
      Lanes.overRange(trials.divisor(trial, top), largest, start, inverse, lanes);
      fit(lanes);
      keepBetter(lanes);
    }
    searchIrregular(lanes);
  }

  private void begin(int lanes) {
    System.arraycopy(x[0], 0, least, 0, lanes);
    System.arraycopy(x[0], 0, largest, 0, lanes);
    System.arraycopy(weights[0], 0, sumW, 0, lanes);
    Lanes.multiply(weights[0], x[0], sumX, lanes);
    for (int i = 1; i < values; i++) {
      Lanes.min(x[i], least, lanes);
      Lanes.max(x[i], largest, lanes);
      Lanes.add(weights[i], sumW, lanes);
      Lanes.addProduct(weights[i], x[i], sumX, lanes);
    }
    anyIrregular = false;
    for (int j = 0; j < lanes; j++) {
      start[j] = least[j] > 0 ? 0 : least[j] == 0 ? firstLeast(j) : least[j];
      irregular[j] = false;
      if (largest[j] == start[j]) {
        // All levels are 0: any range will do, since no trial beats the error.
        largest[j] = start[j] + Math.max(1, Math.abs(start[j]));
        inverse[j] = 0;
        scale[j] = 0;
        bestError[j] = -1;
      } else {
        inverse[j] = top / (largest[j] - start[j]);
        scale[j] = 1 / inverse[j];
        bestError[j] = 0;
        checkRange(j);
      }
      bestInverse[j] = inverse[j];
      bestStart[j] = start[j];
    }
    Lanes.clear(error, lanes);
    for (int i = 0; i < values; i++) {
      Lanes.levels(x[i], inverse, start, top, levels[i], lanes);
      addError(i, scale, start, lanes);
    }
    for (int j = 0; j < lanes; j++) {
      if (bestError[j] == 0) {
        bestError[j] = error[j];
      }
    }
  }

  private void addError(int i, float[] scales, float[] starts, int lanes) {
    if (trials.absolute()) {
      Lanes.addMagnitudeOfError(x[i], weights[i], levels[i], scales, starts, error, lanes);
    } else {
      Lanes.addError(x[i], weights[i], levels[i], scales, starts, error, lanes);
    }
  }

  /** The reference keeps the first of 0 and -0. */
  private float firstLeast(int lane) {
    float first = x[0][lane];
    for (int i = 1; i < values; i++) {
      first = x[i][lane] < first ? x[i][lane] : first;
    }
    return first;
  }

  /** Marks blocks in which rounding leaves its range for the loop over single blocks. */
  private void checkRange(int lane) {
    float range = largest[lane] - start[lane];
    if (!(range >= MIN_RANGE && start[lane] - least[lane] <= MAX_EXCESS * range)) {
      irregular[lane] = true;
      anyIrregular = true;
      bestError[lane] = -1;
    }
  }

  private void fit(int lanes) {
    Lanes.clear(sumL, lanes);
    Lanes.clear(sumL2, lanes);
    Lanes.clear(sumXl, lanes);
    for (int i = 0; i < values; i++) {
      Lanes.levels(x[i], inverse, start, top, levels[i], lanes);
      Lanes.addMoments(x[i], weights[i], levels[i], sumL, sumL2, sumXl, lanes);
    }
    Lanes.determinant(sumW, sumL2, sumL, sumL, divisor, lanes);
    Lanes.determinantOver(sumW, sumXl, sumX, sumL, divisor, trialScale, lanes);
    Lanes.determinantOver(sumL2, sumX, sumL, sumXl, divisor, trialStart, lanes);
    for (int j = 0; j < lanes; j++) {
      if (!(divisor[j] > 0)) {
        trialScale[j] = Float.NaN;
      } else if (trialStart[j] > 0) {
        trialStart[j] = 0;
        trialScale[j] = sumXl[j] / sumL2[j];
      }
    }
  }

  private void keepBetter(int lanes) {
    Lanes.clear(error, lanes);
    for (int i = 0; i < values; i++) {
      addError(i, trialScale, trialStart, lanes);
    }
    for (int j = 0; j < lanes; j++) {
      if (error[j] < bestError[j]) {
        bestError[j] = error[j];
        bestInverse[j] = inverse[j];
        bestStart[j] = start[j];
        scale[j] = trialScale[j];
        start[j] = trialStart[j];
        checkRange(j);
      }
    }
  }

  /** Sets the levels to those of the best trial. */
  void bestLevels(int lanes) {
    for (int i = 0; i < values; i++) {
      Lanes.levels(x[i], bestInverse, bestStart, top, levels[i], lanes);
    }
    searchIrregular(lanes);
  }

  /** Sets the levels to those for stored scales; blocks whose scale is 0 keep the best trial's. */
  void storedLevels(int lanes, float[] storedScale, float[] storedMin) {
    boolean[] kept = new boolean[lanes];
    boolean anyKept = false;
    for (int j = 0; j < lanes; j++) {
      kept[j] = storedScale[j] == 0;
      anyKept |= kept[j];
    }
    float[][] best = new float[0][];
    if (anyKept) {
      bestLevels(lanes);
      best = Arrays.stream(levels).map(float[]::clone).toArray(float[][]::new);
    }
    for (int i = 0; i < values; i++) {
      Lanes.storedLevels(x[i], storedScale, storedMin, top, levels[i], lanes);
      for (int j = 0; anyKept && j < lanes; j++) {
        levels[i][j] = kept[j] ? best[i][j] : levels[i][j];
      }
    }
  }

  private void searchIrregular(int lanes) {
    for (int j = 0; anyIrregular && j < lanes; j++) {
      if (irregular[j]) {
        for (int i = 0; i < values; i++) {
          single.x[i] = x[i][j];
          single.weights[i] = weights[i][j];
        }
        single.search(trials);
        scale[j] = single.scale();
        start[j] = single.start();
        for (int i = 0; i < values; i++) {
          levels[i][j] = single.levels[i];
        }
      }
    }
  }
}
