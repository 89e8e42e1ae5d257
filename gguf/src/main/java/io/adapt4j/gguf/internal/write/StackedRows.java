package io.adapt4j.gguf.internal.write;

import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Matrices of one shape concatenated by rows, of which few are open at a time. */
final class StackedRows implements Rows {

  private final List<Supplier<Rows>> parts;
  private final long rowsOfPart;
  private final int columns;
  private int number;
  private @Nullable Rows open;
  private @Nullable Rows before;

  StackedRows(List<Supplier<Rows>> parts) {
    this.parts = parts;
    Rows first = parts.get(0).get();
    this.open = first;
    this.rowsOfPart = first.rows();
    this.columns = first.columns();
  }

  @Override
  public long rows() {
    return rowsOfPart * parts.size();
  }

  @Override
  public int columns() {
    return columns;
  }

  /** Returns a part; threads request rows roughly in order, so the previous part is kept. */
  private synchronized Rows part(int wanted) {
    if (wanted == number && open != null) {
      return open;
    }
    if (wanted == number - 1 && before != null) {
      return before;
    }
    Rows made = parts.get(wanted).get();
    if (wanted == number + 1) {
      before = open;
      open = made;
      number = wanted;
    }
    return made;
  }

  @Override
  public void read(long first, int count, float[] target, int offset) {
    int done = 0;
    while (done < count) {
      long row = first + done;
      long within = row % rowsOfPart;
      int some = (int) Math.min(count - done, rowsOfPart - within);
      part(Math.toIntExact(row / rowsOfPart)).read(within, some, target, offset + done * columns);
      done += some;
    }
  }
}
