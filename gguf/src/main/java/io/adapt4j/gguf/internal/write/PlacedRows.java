package io.adapt4j.gguf.internal.write;

import io.adapt4j.gguf.internal.family.Layout;

/**
 * Rows as a GGUF file has them.
 *
 * @param source as the model has them
 * @param layout what differs; not TRANSPOSED, which the source has undone
 */
record PlacedRows(Rows source, Layout layout) implements Rows {

  @Override
  public long rows() {
    return layout.ggufRows(source.rows());
  }

  @Override
  public int columns() {
    return source.columns();
  }

  @Override
  public void read(long first, int count, float[] target, int offset) {
    if (!layout.reordersRows()) {
      source.read(first, count, target, offset);
    } else if (source.rows() == 1) {
      reorderVector(target, offset);
    } else {
      for (int i = 0; i < count; i++) {
        long row = layout.storedRow(first + i, rows());
        source.read(row, 1, target, offset + i * source.columns());
      }
    }
    if (layout.kind() == Layout.Kind.PLUS_ONE) {
      for (int i = 0; i < count * source.columns(); i++) {
        target[offset + i] += 1;
      }
    }
  }

  /** The values of a bias are rows of one value. */
  private void reorderVector(float[] target, int offset) {
    int count = source.columns();
    float[] values = new float[count];
    source.read(0, 1, values, 0);
    for (int i = 0; i < count; i++) {
      target[offset + i] = values[(int) layout.storedRow(i, count)];
    }
  }
}
