package io.adapt4j.gguf.internal.write;

/** The values of a tensor, row by row; a vector is one row. Threads may read at the same time. */
interface Rows {

  /** {@return the number of rows} */
  long rows();

  /** {@return the values of a row} */
  int columns();

  /**
   * Reads rows that lie one after the other.
   *
   * @param first the first row
   * @param count how many
   * @param target takes their values
   * @param offset where the first goes
   */
  void read(long first, int count, float[] target, int offset);
}
