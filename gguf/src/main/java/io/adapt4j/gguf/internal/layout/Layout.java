package io.adapt4j.gguf.internal.layout;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Mapping of a checkpoint tensor's values to a GGUF tensor.
 *
 * @param columns permutation of a row's values; null if they keep their order
 */
public record Layout(
    RowOrder order, @Nullable RowOrder columns, Values values, Form form, int groups) {

  /** Difference between a tensor's dimensions in a checkpoint and in a GGUF file. */
  public enum Form {
    /** The same dimensions. */
    SAME,
    /** The checkpoint stores a matrix as [in, out]. */
    TRANSPOSED,
    /** The checkpoint's matrix of one row is a vector. */
    ONE_ROW,
    /** Inner dimensions of 1 are dropped. */
    SQUEEZED,
    /** A vector is a matrix of one column. */
    COLUMN,
    /** A vector is a matrix with a row for each group. */
    GROUPS,
    /** Matrices concatenated by rows in the checkpoint, a stack in the file. */
    STACK,
    /** A stack of matrices, each transposed. */
    TURNED_STACK
  }

  /** Function of a value and the number of its row in the checkpoint. */
  @FunctionalInterface
  public interface Conversion {

    float of(float value, long storedRow);
  }

  /** Conversion of single values to a file, and back. */
  public record Values(Conversion written, Conversion read) {

    /** The identity. */
    static final Values SAME = new Values((value, row) -> value, (value, row) -> value);

    /** Returns the file's value. */
    public float toGguf(float value, long storedRow) {
      return written.of(value, storedRow);
    }

    /** Returns the checkpoint's value. */
    public float toStored(float value) {
      return read.of(value, 0);
    }
  }

  private static final Values MINUS_EXPONENTIAL =
      new Values(
          (value, row) -> (float) -Math.exp(value), (value, row) -> (float) Math.log(-value));

  /** The checkpoint's layout, unchanged. */
  public static final Layout SAME = of(Form.SAME);

  /** A norm's weight, 1 larger than in the checkpoint. */
  public static final Layout PLUS_ONE =
      SAME.with(new Values((value, row) -> value + 1, (value, row) -> value - 1));

  /** A matrix that the checkpoint stores as [in, out]. */
  public static final Layout TRANSPOSED = of(Form.TRANSPOSED);

  /** A matrix of one row, which is a vector in the file. */
  public static final Layout ONE_ROW = of(Form.ONE_ROW);

  /** A kernel [channels, 1, positions]. */
  public static final Layout SQUEEZED = of(Form.SQUEEZED);

  /** A vector that is a matrix of one column in the file. */
  public static final Layout COLUMN = of(Form.COLUMN);

  /** Decay rates, which the checkpoint stores as {@code log(-rate)}. */
  public static final Layout DECAY = SAME.with(MINUS_EXPONENTIAL);

  public static final Layout FIRST_HALF = SAME.with(RowOrder.part(0, 2));

  public static final Layout SECOND_HALF = SAME.with(RowOrder.part(1, 2));

  private static Layout of(Form form) {
    return new Layout(RowOrder.SAME, null, Values.SAME, form, 0);
  }

  /** Returns a layout with the rotated part of each head in pairs. */
  public static Layout rotaryPairs(int heads, double share) {
    return SAME.with(RowOrder.rotaryPairs(heads, share));
  }

  /** Returns a layout with the rotated part of each head, in pairs before, in halves. */
  public static Layout rotaryHalves(int heads, double share) {
    return SAME.with(RowOrder.rotaryHalves(heads, share));
  }

  /** Returns a layout with all queries, then all keys, then all values. */
  public static Layout queriesKeysValues(int heads) {
    return SAME.with(RowOrder.queriesKeysValues(heads));
  }

  /** Returns a layout of a vector as a matrix with a row for each group. */
  public static Layout grouped(int groups) {
    return new Layout(RowOrder.SAME, null, Values.SAME, Form.GROUPS, groups);
  }

  /** Returns a layout of matrices concatenated by rows as a stack. */
  public static Layout stack(int matrices) {
    return new Layout(RowOrder.SAME, null, Values.SAME, Form.STACK, matrices);
  }

  /** Returns a layout of concatenated matrices as a stack, each transposed. */
  public static Layout turnedStack(int matrices) {
    return new Layout(RowOrder.SAME, null, Values.SAME, Form.TURNED_STACK, matrices);
  }

  public Layout with(RowOrder rows) {
    return new Layout(rows, columns, values, form, groups);
  }

  public Layout withColumns(RowOrder reordered) {
    return new Layout(order, reordered, values, form, groups);
  }

  public Layout decay() {
    return with(MINUS_EXPONENTIAL);
  }

  private Layout with(Values other) {
    return new Layout(order, columns, other, form, groups);
  }

  /**
   * Returns this layout with each row multiplied by a factor; a file is read as a model whose
   * factors are 1.
   */
  public Layout scaled(IntToDoubleFunction factorOfRow) {
    return with(
        new Values(
            (value, row) -> value * (float) factorOfRow.applyAsDouble((int) row),
            (value, row) -> value));
  }

  /** Returns this layout with all values multiplied by a factor. */
  public Layout scaled(double factor) {
    return factor == 1 ? this : scaled(row -> factor);
  }

  /** Returns the layout of a vector multiplied by a factor, which is not undone on reading. */
  public static Layout times(double factor) {
    return SAME.with(
        new Values(
            (value, row) -> (float) (value * factor), (value, row) -> (float) (value / factor)));
  }

  /** Returns the layout of the weight's bias: only the row order applies to both. */
  Layout ofBias() {
    return SAME.with(order);
  }

  /** {@return whether rows are permuted or partial} */
  public boolean reordersRows() {
    return !order.equals(RowOrder.SAME);
  }

  /** {@return whether values are unchanged} */
  public boolean keepsValues() {
    return values.equals(Values.SAME);
  }

  /** {@return whether the checkpoint stores a matrix as [in, out]} */
  public boolean isTransposed() {
    return form == Form.TRANSPOSED || turnsStack();
  }

  /** {@return whether the checkpoint stores each matrix of a stack as [in, out]} */
  public boolean turnsStack() {
    return form == Form.TURNED_STACK;
  }

  /** Maps an index in a transposed stack to the checkpoint, or the reverse. */
  public long turned(long row, long column, long rows, long columns) {
    long each = rows / groups;
    long stored = order.storedRow(row / each * columns + column, groups * columns);
    return stored * each + row % each;
  }

  /** Maps a row of the GGUF tensor to the checkpoint's. */
  public long storedRow(long row, long rows) {
    return order.storedRow(row, rows);
  }

  /**
   * Maps a row of the checkpoint's tensor to the GGUF tensor; the inverse of {@link #storedRow}.
   */
  public long ggufRow(long row, long stored) {
    return order.ggufRow(row, stored);
  }

  /** Converts a row of the file's values to the checkpoint's. */
  public void restore(float[] row) {
    if (columns != null) {
      float[] stored = row.clone();
      for (int i = 0; i < row.length; i++) {
        row[i] = stored[(int) columns.ggufRow(i, row.length)];
      }
    }
    if (!keepsValues()) {
      for (int i = 0; i < row.length; i++) {
        row[i] = values.toStored(row[i]);
      }
    }
  }

  /**
   * Returns the dimensions in the file.
   *
   * @param stored the checkpoint's, of matrices [out, in]
   */
  public List<Long> ggufShape(List<Long> stored) {
    List<Long> shape = new ArrayList<>(stored);
    switch (form) {
      case ONE_ROW -> shape.remove(0);
      case SQUEEZED -> shape.remove(1);
      case COLUMN -> shape.add(1L);
      case GROUPS -> {
        long all = shape.remove(0);
        shape.add((long) groups);
        shape.add(all / groups);
      }
      case STACK, TURNED_STACK -> {
        long each = order.rows(shape.get(0)) / groups;
        long width = shape.get(1);
        boolean turned = turnsStack();
        return List.of(turned ? each : width, turned ? width : each, (long) groups);
      }
      default -> {
        // The same dimensions.
      }
    }
    shape.set(0, order.rows(shape.get(0)));
    Collections.reverse(shape);
    return List.copyOf(shape);
  }

  /** Returns the dimensions in the checkpoint. */
  public List<Long> storedShape(List<Long> gguf, long rows) {
    if (form == Form.GROUPS && gguf.size() == 1) {
      // A dimension of 1 may be missing.
      return gguf;
    }
    if (form == Form.STACK || turnsStack()) {
      return List.of(rows, gguf.get(turnsStack() ? 1 : 0));
    }
    List<Long> shape = new ArrayList<>(gguf);
    shape.set(shape.size() - 1, rows);
    switch (form) {
      case TRANSPOSED -> {
        return List.copyOf(shape);
      }
      case ONE_ROW -> shape.add(1L);
      case SQUEEZED -> shape.add(1, 1L);
      case COLUMN -> shape.remove(0);
      case GROUPS -> {
        long width = shape.remove(0);
        shape.set(0, width * rows);
      }
      default -> {
        // The same dimensions.
      }
    }
    Collections.reverse(shape);
    return List.copyOf(shape);
  }
}
