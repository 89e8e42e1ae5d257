package io.adapt4j.gguf.format;

import java.util.Arrays;

/**
 * Loops over many small blocks at once. Value i of block j is at {@code rows[i][j]}, so that the
 * sums over each block, whose order the reference fixes, are vectorized across blocks.
 *
 * <p>The loops are shaped for the JIT's vectorization: one index, no offsets, few operations each.
 * Levels are floats, since rounding by adding and subtracting a large number needs no conversion.
 */
final class Lanes {

  /** Maximum number of blocks in a batch: their values fit in the L2 cache, and loops are long. */
  static final int MAX = 256;

  /** 1.5 * 2^23: in this range, adjacent floats differ by 1. */
  private static final float ROUND = 12582912f;

  private Lanes() {}

  /** Returns the nearest integer, with ties to even; beyond 2^22, the reference's result. */
  static int nearest(float value) {
    return (Float.floatToRawIntBits(value + ROUND) & 0x7FFFFF) - 0x400000;
  }

  /** Copies consecutive blocks into the lanes. */
  static void load(float[] source, int offset, int lanes, float[][] rows) {
    int values = rows.length;
    for (int i = 0; i < values; i++) {
      float[] row = rows[i];
      for (int j = 0; j < lanes; j++) {
        row[j] = source[offset + j * values + i];
      }
    }
  }

  /** Sets rows to the sum of an addend and the magnitude of each value. */
  static void addMagnitude(float[] x, float[] added, float[] target, int lanes) {
    for (int j = 0; j < lanes; j++) {
      target[j] = added[j] + Math.abs(x[j]);
    }
  }

  static void addSquare(float[] x, float[] sum, int lanes) {
    for (int j = 0; j < lanes; j++) {
      sum[j] = sum[j] + x[j] * x[j];
    }
  }

  /**
   * Sets rows to importance * sqrt(mean square + x^2); on entry, the target holds the importance.
   */
  static void scaleImportance(float[] x, float[] meanSquare, float[] target, int lanes) {
    for (int j = 0; j < lanes; j++) {
      target[j] = target[j] * (float) Math.sqrt(meanSquare[j] + x[j] * x[j]);
    }
  }

  static void multiply(float[] left, float[] right, float[] target, int lanes) {
    for (int j = 0; j < lanes; j++) {
      target[j] = left[j] * right[j];
    }
  }

  static void min(float[] x, float[] least, int lanes) {
    for (int j = 0; j < lanes; j++) {
      least[j] = Math.min(least[j], x[j]);
    }
  }

  static void max(float[] x, float[] largest, int lanes) {
    for (int j = 0; j < lanes; j++) {
      largest[j] = Math.max(largest[j], x[j]);
    }
  }

  static void add(float[] w, float[] sum, int lanes) {
    for (int j = 0; j < lanes; j++) {
      sum[j] = sum[j] + w[j];
    }
  }

  static void add(float number, float[] sum, int lanes) {
    for (int j = 0; j < lanes; j++) {
      sum[j] = sum[j] + number;
    }
  }

  static void addProduct(float[] w, float[] x, float[] sum, int lanes) {
    for (int j = 0; j < lanes; j++) {
      sum[j] = sum[j] + w[j] * x[j];
    }
  }

  static void overRange(float number, float[] end, float[] start, float[] target, int lanes) {
    for (int j = 0; j < lanes; j++) {
      target[j] = number / (end[j] - start[j]);
    }
  }

  static void over(float number, float[] divisor, float[] target, int lanes) {
    for (int j = 0; j < lanes; j++) {
      target[j] = number / divisor[j];
    }
  }

  /** Sets levels: round((x - start) * inverse), clamped to [0, top]. */
  static void levels(
      float[] x, float[] inverse, float[] start, float top, float[] target, int lanes) {
    for (int j = 0; j < lanes; j++) {
      float level = (inverse[j] * (x[j] - start[j]) + ROUND) - ROUND;
      // Exact for integers, and cheaper than two comparisons that also handle NaN.
      target[j] = 0.5f * ((Math.abs(level) - Math.abs(level - top)) + top);
    }
  }

  /** Sets levels: round((x + min) / scale), clamped to [0, top]. */
  static void storedLevels(
      float[] x, float[] scale, float[] min, float top, float[] target, int lanes) {
    for (int j = 0; j < lanes; j++) {
      float level = ((x[j] + min[j]) / scale[j] + ROUND) - ROUND;
      target[j] = 0.5f * ((Math.abs(level) - Math.abs(level - top)) + top);
    }
  }

  static void addMoments(
      float[] x, float[] w, float[] levels, float[] sumL, float[] sumL2, float[] sumXl, int lanes) {
    for (int j = 0; j < lanes; j++) {
      float level = levels[j];
      float weighted = w[j] * level;
      float l = sumL[j] + weighted;
      float l2 = sumL2[j] + weighted * level;
      float xl = sumXl[j] + weighted * x[j];
      sumL[j] = l;
      sumL2[j] = l2;
      sumXl[j] = xl;
    }
  }

  /** Adds the weighted square of scale * level + min - x. */
  static void addError(
      float[] x, float[] w, float[] levels, float[] scale, float[] min, float[] error, int lanes) {
    for (int j = 0; j < lanes; j++) {
      float difference = (scale[j] * levels[j] + min[j]) - x[j];
      error[j] = error[j] + w[j] * (difference * difference);
    }
  }

  /** Adds the weighted magnitude of scale * level + min - x. */
  static void addMagnitudeOfError(
      float[] x, float[] w, float[] levels, float[] scale, float[] min, float[] error, int lanes) {
    for (int j = 0; j < lanes; j++) {
      error[j] = error[j] + w[j] * Math.abs((scale[j] * levels[j] + min[j]) - x[j]);
    }
  }

  static void determinant(float[] a, float[] b, float[] c, float[] d, float[] target, int lanes) {
    for (int j = 0; j < lanes; j++) {
      target[j] = a[j] * b[j] - c[j] * d[j];
    }
  }

  static void determinantOver(
      float[] a, float[] b, float[] c, float[] d, float[] divisor, float[] target, int lanes) {
    for (int j = 0; j < lanes; j++) {
      target[j] = (a[j] * b[j] - c[j] * d[j]) / divisor[j];
    }
  }

  /** Sets levels: round(x * inverse), clamped to [-half, half - 1]. */
  static void signedLevels(float[] x, float[] inverse, float half, float[] target, int lanes) {
    for (int j = 0; j < lanes; j++) {
      float level = (inverse[j] * x[j] + ROUND) - ROUND;
      target[j] = 0.5f * ((Math.abs(level + half) - Math.abs(level - (half - 1))) - 1);
    }
  }

  /** Sets levels: round(x / scale), clamped to [-half, half - 1]. */
  static void storedSignedLevels(float[] x, float[] scale, float half, float[] target, int lanes) {
    for (int j = 0; j < lanes; j++) {
      float level = (x[j] / scale[j] + ROUND) - ROUND;
      target[j] = 0.5f * ((Math.abs(level + half) - Math.abs(level - (half - 1))) - 1);
    }
  }

  /** Adds w * x * l and w * l * l to sums; w * x is given. */
  static void addSignedMoments(
      float[] wx, float[] w, float[] levels, float[] sumLx, float[] sumL2, int lanes) {
    for (int j = 0; j < lanes; j++) {
      float level = levels[j];
      float lx = sumLx[j] + wx[j] * level;
      float l2 = sumL2[j] + w[j] * level * level;
      sumLx[j] = lx;
      sumL2[j] = l2;
    }
  }

  static void clear(float[] values, int lanes) {
    Arrays.fill(values, 0, lanes, 0);
  }
}
