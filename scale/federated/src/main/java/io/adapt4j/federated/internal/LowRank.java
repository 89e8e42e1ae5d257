package io.adapt4j.federated.internal;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/**
 * A low-rank matrix b a, stored as its two factors in fp64. The tensors belong to the open scope.
 *
 * @param b [out, rank]
 * @param a [rank, in]
 */
public record LowRank(Tensor b, Tensor a) {

  /** Converts matrices to fp64. */
  public static LowRank of(Tensor b, Tensor a) {
    return new LowRank(b.copyAs(DType.F64), a.copyAs(DType.F64));
  }

  /** {@return the number of rows of a} */
  public int rank() {
    return Math.toIntExact(a.size(0));
  }

  /** Truncates to the first ranks. */
  public LowRank first(int rank) {
    return rank >= rank() ? this : new LowRank(b.narrow(1, 0, rank), a.narrow(0, 0, rank));
  }

  /** Pads the rank with the trailing ranks of another. */
  public LowRank completedBy(LowRank other) {
    int missing = other.rank() - rank();
    if (missing <= 0) {
      return this;
    }
    return new LowRank(
        Tensor.concatenated(List.of(b, other.b.narrow(1, rank(), missing)), 1),
        Tensor.concatenated(List.of(a, other.a.narrow(0, rank(), missing)), 0));
  }

  /** Multiplies the factor b. */
  public LowRank times(double factor) {
    return factor == 1 ? this : new LowRank(b.scaled(factor), a);
  }

  /** Interpolates to another, separately for each factor. */
  public LowRank towards(LowRank other, double share) {
    return share == 1
        ? other
        : new LowRank(
            b.scaled(1 - share).plus(other.b.scaled(share)),
            a.scaled(1 - share).plus(other.a.scaled(share)));
  }

  /** Subtracts factor from factor. */
  public LowRank minus(LowRank other) {
    return new LowRank(b.plus(other.b.scaled(-1)), a.plus(other.a.scaled(-1)));
  }

  /** Creates zero matrices. */
  public static LowRank zeros(LowRank like, int rank) {
    return new LowRank(
        Tensor.zeros(DType.F64, like.b.size(0), rank),
        Tensor.zeros(DType.F64, rank, like.a.size(1)));
  }

  /** {@return the mean squared norm of the rows of a} */
  public double meanSquareOfRows() {
    double sum = 0;
    for (float value : a.toFloats()) {
      sum += (double) value * value;
    }
    return sum / Math.max(1, rank());
  }
}
