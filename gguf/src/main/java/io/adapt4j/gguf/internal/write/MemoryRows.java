package io.adapt4j.gguf.internal.write;

/**
 * Values in memory.
 *
 * @param values row by row
 * @param columns the values of a row
 */
@SuppressWarnings("ArrayRecordComponent")
record MemoryRows(float[] values, int columns) implements Rows {

  @Override
  public long rows() {
    return columns == 0 ? 0 : values.length / columns;
  }

  @Override
  public void read(long first, int count, float[] target, int offset) {
    System.arraycopy(values, Math.toIntExact(first * columns), target, offset, count * columns);
  }
}
