package io.adapt4j.gguf.format;

/** Computation of weights: the importance of a column times a term for the value's magnitude. */
final class Importance {

  private Importance() {}

  /**
   * Copies the importance of consecutive blocks into the lanes.
   *
   * @param importance importance of each column of a row
   * @param first index of the first block within a row
   * @param lanes the number of blocks
   * @param rows receives the importance
   */
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

  /**
   * Computes the mean square of the rows that consecutive blocks belong to.
   *
   * @param values holds whole rows
   * @param offset the first value
   * @param columns number of columns of a row
   * @param first index of the first block relative to the first value
   * @param block the values of a block
   * @param target receives the mean square of each block's row
   * @param lanes the number of blocks
   */
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
