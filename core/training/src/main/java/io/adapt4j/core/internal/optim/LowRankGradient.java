package io.adapt4j.core.internal.optim;

import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/** A gradient projected to a low rank, and its way back. */
@SuppressWarnings("ArrayRecordComponent")
record LowRankGradient(float[] projection, long rows, long columns, int rank) {

  /** Returns the sizes of a projected matrix; a vector or a small matrix keeps its own. */
  static List<Long> sizes(List<Long> sizes, int rank) {
    if (!isProjected(sizes, rank)) {
      return sizes;
    }
    return sizes.get(0) >= sizes.get(1)
        ? List.of(sizes.get(0), (long) rank)
        : List.of((long) rank, sizes.get(1));
  }

  /** Returns whether a parameter is a matrix of a rank above that of projections. */
  static boolean isProjected(List<Long> sizes, int rank) {
    return sizes.size() == 2 && Math.min(sizes.get(0), sizes.get(1)) > rank;
  }

  boolean isTall() {
    return rows >= columns;
  }

  float[] down(float[] matrix) {
    try (Scope scope = Scope.open()) {
      Tensor full = Tensor.of(matrix, rows, columns);
      Tensor low = isTall() ? full.times(tensor().transposed()) : tensor().transposed().times(full);
      return low.toHost().toFloats();
    }
  }

  /** Returns a projected matrix to full size. */
  float[] up(float[] low) {
    try (Scope scope = Scope.open()) {
      Tensor full =
          isTall()
              ? Tensor.of(low, rows, rank).times(tensor())
              : tensor().times(Tensor.of(low, rank, columns));
      return full.toHost().toFloats();
    }
  }

  private Tensor tensor() {
    return isTall() ? Tensor.of(projection, rank, columns) : Tensor.of(projection, rows, rank);
  }
}
