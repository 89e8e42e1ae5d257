package io.adapt4j.gguf.format;

/**
 * Finds for each block the scale with the least weighted squared error for signed levels, by the
 * steps of ggml's {@code make_qx_quants}: the best of 19 trial scales.
 *
 * <p>Holds the buffers of a batch; not thread-safe.
 */
final class SymmetricSearch {

  /** Magnitude below which a block is stored as zeros. */
  private static final float NO_MAGNITUDE = 1e-15f;

  private static final int TRIALS = 9;

  final float[][] x;
  final float[][] weights;

  /** The levels, counted from the lowest: 0 to twice the half, less one. */
  final float[][] levels;

  /** The scale of each block. */
  final float[] scale;

  private final int values;
  private final int half;
  private final float[][] weighted;
  private final float[] extreme;
  private final float[] inverse;
  private final float[] bestInverse;
  private final float[] best;
  private final float[] sumLx;
  private final float[] sumL2;

  /** Allocates the buffers. */
  SymmetricSearch(int values, int lanes, int half) {
    this.values = values;
    this.half = half;
    x = new float[values][lanes];
    weights = new float[values][lanes];
    levels = new float[values][lanes];
    weighted = new float[values][lanes];
    scale = new float[lanes];
    extreme = new float[lanes];
    inverse = new float[lanes];
    bestInverse = new float[lanes];
    best = new float[lanes];
    sumLx = new float[lanes];
    sumL2 = new float[lanes];
  }

  /** Searches for the blocks whose values and weights are in the lanes. */
  void search(int lanes) {
    for (int i = 0; i < values; i++) {
      Lanes.multiply(weights[i], x[i], weighted[i], lanes);
    }
    findExtremes(lanes);
    fit(-half, lanes);
    for (int j = 0; j < lanes; j++) {
      scale[j] = sumL2[j] != 0 ? sumLx[j] / sumL2[j] : 0;
      best[j] = scale[j] * sumLx[j];
      bestInverse[j] = inverse[j];
    }
    for (int trial = -TRIALS; trial <= TRIALS; trial++) {
      if (trial != 0) {
        fit(-(half + 0.1f * trial), lanes);
        keepBetter(lanes);
      }
    }
    for (int j = 0; j < lanes; j++) {
      if (isZero(j)) {
        scale[j] = 0;
      }
    }
  }

  /** Finds the value with the largest magnitude, the first one on ties. */
  private void findExtremes(int lanes) {
    Lanes.clear(extreme, lanes);
    for (int i = 0; i < values; i++) {
      float[] row = x[i];
      for (int j = 0; j < lanes; j++) {
        if (Math.abs(row[j]) > Math.abs(extreme[j])) {
          extreme[j] = row[j];
        }
      }
    }
  }

  private boolean isZero(int lane) {
    return Math.abs(extreme[lane]) < NO_MAGNITUDE;
  }

  private void fit(float number, int lanes) {
    Lanes.over(number, extreme, inverse, lanes);
    Lanes.clear(sumLx, lanes);
    Lanes.clear(sumL2, lanes);
    for (int i = 0; i < values; i++) {
      Lanes.signedLevels(x[i], inverse, half, levels[i], lanes);
      Lanes.addSignedMoments(weighted[i], weights[i], levels[i], sumLx, sumL2, lanes);
    }
  }

  private void keepBetter(int lanes) {
    for (int j = 0; j < lanes; j++) {
      if (sumL2[j] > 0 && sumLx[j] * sumLx[j] > best[j] * sumL2[j]) {
        scale[j] = sumLx[j] / sumL2[j];
        best[j] = scale[j] * sumLx[j];
        bestInverse[j] = inverse[j];
      }
    }
  }

  /** Sets the levels to those of the best trial; 0 for blocks without magnitude. */
  void bestLevels(int lanes) {
    for (int i = 0; i < values; i++) {
      Lanes.signedLevels(x[i], bestInverse, half, levels[i], lanes);
      for (int j = 0; j < lanes; j++) {
        levels[i][j] = isZero(j) ? 0 : levels[i][j] + half;
      }
    }
  }

  /** Sets the levels to those for stored scales; blocks whose scale is 0 keep the best trial's. */
  void storedLevels(int lanes, float[] storedScale) {
    boolean anyKept = false;
    for (int j = 0; j < lanes; j++) {
      anyKept |= storedScale[j] == 0;
    }
    float[] kept = new float[anyKept ? lanes : 0];
    for (int i = 0; i < values; i++) {
      if (anyKept) {
        Lanes.signedLevels(x[i], bestInverse, half, kept, lanes);
      }
      Lanes.storedSignedLevels(x[i], storedScale, half, levels[i], lanes);
      for (int j = 0; anyKept && j < lanes; j++) {
        levels[i][j] = storedScale[j] == 0 ? (isZero(j) ? -half : kept[j]) : levels[i][j];
      }
      Lanes.add(half, levels[i], lanes);
    }
  }
}
