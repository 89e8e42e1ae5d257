package io.adapt4j.gguf.internal.write;

import java.util.Arrays;

/** Rows of zeros. */
record ZeroRows(long rows, int columns) implements Rows {

  @Override
  public void read(long first, int count, float[] target, int offset) {
    Arrays.fill(target, offset, offset + count * columns, 0);
  }
}
