package io.adapt4j.gguf.internal.write;

/** The values of a tensor, row by row; a vector is one row. Thread-safe for reading. */
interface Rows {

  /** {@return the number of rows} */
  long rows();

  /** {@return the number of values per row} */
  int columns();

  /** Reads consecutive rows. */
  void read(long first, int count, float[] target, int offset);
}
