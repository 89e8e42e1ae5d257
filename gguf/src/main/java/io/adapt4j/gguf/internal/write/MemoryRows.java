package io.adapt4j.gguf.internal.write;

/** Rows held in memory. */
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
