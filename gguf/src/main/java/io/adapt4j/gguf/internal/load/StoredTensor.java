package io.adapt4j.gguf.internal.load;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorEntry;
import io.adapt4j.gguf.format.GgufTensor;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.gguf.internal.layout.Layout;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Location of a checkpoint's tensor in a GGUF file. */
record StoredTensor(List<Piece> pieces, long rows, StoredType type) {

  /** A tensor in the file with its layout. */
  record Piece(GgufTensor tensor, Layout layout) {

    boolean isVector() {
      return tensor.shape().size() == 1;
    }

    /** Returns the number of rows; of a transposed stack, of those in the checkpoint. */
    long rows() {
      return layout.turnsStack()
          ? layout.groups() * tensor.shape().get(0)
          : isVector() ? tensor.elements() : tensor.elements() / tensor.shape().get(0);
    }

    /** Returns the index in the checkpoint's tensor of a value in a row of the file's. */
    int index(int row, int column) {
      int in = Math.toIntExact(tensor.shape().get(0));
      long count = tensor.elements() / in;
      return Math.toIntExact(
          layout.turnsStack()
              ? layout.turned(row, column, count, in)
              : layout.storedRow(row, count) * in + column);
    }
  }

  /** A row in the file. */
  record Row(GgufTensor tensor, Layout layout, long number) {}

  static StoredTensor of(List<Piece> pieces, StoredType type) {
    return new StoredTensor(
        List.copyOf(pieces), pieces.stream().mapToLong(Piece::rows).sum(), type);
  }

  private Layout layout() {
    return pieces.get(0).layout();
  }

  boolean isVector() {
    return pieces.get(0).isVector();
  }

  long columns() {
    return isVector() ? 1 : pieces.get(0).tensor().shape().get(0);
  }

  boolean isTransposed() {
    return layout().isTransposed() || turnsStack();
  }

  /** Returns whether one of the pieces is a transposed stack. */
  boolean turnsStack() {
    return pieces.stream().anyMatch(piece -> piece.layout().turnsStack());
  }

  /** Returns whether the file has the rows in the same order. */
  boolean isInOrder() {
    return pieces.size() == 1 && !layout().reordersRows();
  }

  /** Returns whether bytes are copied unchanged except for the row order. */
  boolean isCopied() {
    return !isTransposed()
        && pieces.stream()
            .allMatch(
                piece ->
                    piece.layout().keepsValues()
                        && piece.layout().columns() == null
                        && piece.tensor().type().name().equals(type.name()));
  }

  /** Returns the size of all pieces in bytes. */
  long bytes() {
    return pieces.stream().mapToLong(piece -> piece.tensor().bytes()).sum();
  }

  /**
   * Returns the block type if all pieces share one and rows are unchanged within; empty otherwise.
   */
  Optional<TensorType> blockType() {
    if (pieces.size() > 1 && turnsStack()) {
      return Optional.empty();
    }
    TensorType first = pieces.get(0).tensor().type();
    boolean asStored =
        pieces.stream()
            .allMatch(
                piece ->
                    piece.tensor().type() == first
                        && piece.layout().keepsValues()
                        && piece.layout().columns() == null);
    return asStored ? Optional.of(first) : Optional.empty();
  }

  /** Finds a row of the checkpoint's tensor. */
  Row row(long number) {
    for (Piece piece : pieces) {
      long row = piece.layout().ggufRow(number, rows);
      if (row >= 0 && row < piece.rows()) {
        return new Row(piece.tensor(), piece.layout(), row);
      }
    }
    throw new IllegalStateException("row " + number + " of " + pieces + " is nowhere");
  }

  /**
   * Returns for each row its index among the rows of all pieces; empty if the order is the same.
   */
  Optional<int[]> order() {
    if (isInOrder()) {
      return Optional.empty();
    }
    int[] order = new int[Math.toIntExact(rows)];
    for (int row = 0; row < order.length; row++) {
      int before = 0;
      for (Piece piece : pieces) {
        long found = piece.layout().ggufRow(row, rows);
        if (found >= 0 && found < piece.rows()) {
          order[row] = before + (int) found;
          break;
        }
        before += (int) piece.rows();
      }
    }
    return Optional.of(order);
  }

  TensorEntry entry(String name, Path path) {
    GgufTensor first = pieces.get(0).tensor();
    List<Long> shape = layout().storedShape(first.shape(), rows);
    long elements = pieces.stream().mapToLong(piece -> piece.tensor().elements()).sum();
    return new TensorEntry(name, type, shape, path, first.offset(), elements * type.bytes());
  }
}
