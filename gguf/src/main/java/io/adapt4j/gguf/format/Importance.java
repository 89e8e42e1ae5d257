package io.adapt4j.gguf.format;

/** Computation of weights: the importance of a column times a term for the value's magnitude. */
final class Importance {

  private Importance() {}

  /** Copies the importance of consecutive blocks into the lanes. */
  static void load(float[] importance, int first, int lanes, float[][] rows) {
    int values = rows.length;
    int blocksPerRow = importance.length / values;
    for (int j = 0; j < lanes; j++) {
      int column = (first + j) % blocksPerRow * values;
      for (int i = 0; i < values; i++) {
        rows[i][j] = importance[column + i];
      }
    }
  }

  /** Returns the sum of squares in their order. */
  static float sumOfSquares(float[] values, int offset, int count) {
    float sum = 0;
    for (int i = offset; i < offset + count; i++) {
      sum += values[i] * values[i];
    }
    return sum;
  }

  /** Computes the mean square of the rows that consecutive blocks belong to. */
  static void meanSquares(
      float[] values, int offset, int columns, int first, int block, float[] target, int lanes) {
    int known = -1;
    for (int j = 0; j < lanes; j++) {
      int row = (first + j * block) / columns;
      if (row != known) {
        target[j] = sumOfSquares(values, offset + row * columns, columns) / columns;
        known = row;
      } else {
        target[j] = target[j - 1];
      }
    }
  }
}
