package io.adapt4j.federated.internal;

import static io.adapt4j.federated.internal.FederatedOperators.operator;

import io.adapt4j.core.internal.tensor.Operator;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A weighted sum of low-rank matrices, stored as concatenated factors: the full sum, as large as a
 * weight of the model, is never formed.
 */
public final class LowRankSum {

  private static final Operator BEST = operator("best_of_product");
  private static final Operator NORM = operator("norm_of_product");

  private final List<Tensor> left = new ArrayList<>();
  private final List<Tensor> right = new ArrayList<>();

  public LowRankSum() {}

  /** Adds a matrix. */
  public LowRankSum plus(double weight, LowRank term) {
    if (weight != 0) {
      left.add(term.times(weight).b());
      right.add(term.a());
    }
    return this;
  }

  /** {@return whether nothing was added} */
  public boolean isEmpty() {
    return left.isEmpty();
  }

  /** {@return the exact sum, with the sum of the ranks} */
  public LowRank stacked() {
    return new LowRank(Tensor.concatenated(left, 1), Tensor.concatenated(right, 0));
  }

  /**
   * Returns the best approximation of the sum in a given rank (Eckart and Young 1936): QR
   * decompositions of the stacked factors, and a truncated SVD of their small core.
   */
  public LowRank best(int rank, double length) {
    LowRank all = stacked();
    Tensor[] found = BEST.tensors(all.b(), all.a(), rank, length);
    return new LowRank(found[0], found[1]);
  }

  /** {@return the Frobenius norm of the sum} */
  public double norm() {
    if (isEmpty()) {
      return 0;
    }
    LowRank all = stacked();
    return NORM.tensor(all.b(), all.a()).item();
  }
}
