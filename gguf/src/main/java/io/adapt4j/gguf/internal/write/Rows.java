package io.adapt4j.gguf.internal.write;

/** The values of a tensor, row by row; a vector is one row. Threads may read at the same time. */
interface Rows {

  /** {@return the number of rows} */
  long rows();

  /** {@return the values of a row} */
  int columns();

  /** Reads rows that lie one after the other. */
  void read(long first, int count, float[] target, int offset);
}
