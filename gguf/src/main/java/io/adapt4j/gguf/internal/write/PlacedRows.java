package io.adapt4j.gguf.internal.write;

import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.RowOrder;
import java.util.Arrays;

/** Rows in a GGUF file's layout. */
record PlacedRows(Rows source, Layout layout) implements Rows {

  /** Returns whether it is a vector, whose values are its rows. */
  private boolean isVector() {
    return source.rows() == 1;
  }

  @Override
  public long rows() {
    return isVector() ? 1 : layout.order().rows(source.rows());
  }

  @Override
  public int columns() {
    return isVector() ? Math.toIntExact(layout.order().rows(source.columns())) : source.columns();
  }

  @Override
  public void read(long first, int count, float[] target, int offset) {
    if (isVector()) {
      readVector(target, offset);
    } else if (!layout.reordersRows() && layout.columns() == null && layout.keepsValues()) {
      source.read(first, count, target, offset);
    } else {
      for (int i = 0; i < count; i++) {
        readRow(first + i, target, offset + i * source.columns());
      }
    }
  }

  private void readRow(long row, float[] target, int offset) {
    int columns = source.columns();
    long stored = layout.storedRow(row, rows());
    if (stored < 0) {
      Arrays.fill(target, offset, offset + columns, 0);
      return;
    }
    source.read(stored, 1, target, offset);
    RowOrder order = layout.columns();
    if (order != null) {
      float[] values = Arrays.copyOfRange(target, offset, offset + columns);
      for (int i = 0; i < columns; i++) {
        target[offset + i] = values[(int) order.storedRow(i, columns)];
      }
    }
    if (!layout.keepsValues()) {
      for (int i = offset; i < offset + columns; i++) {
        target[i] = layout.values().toGguf(target[i], stored);
      }
    }
  }

  private void readVector(float[] target, int offset) {
    float[] values = new float[source.columns()];
    source.read(0, 1, values, 0);
    int count = columns();
    for (int i = 0; i < count; i++) {
      int stored = (int) layout.storedRow(i, count);
      target[offset + i] = layout.values().toGguf(values[stored], stored);
    }
  }
}
