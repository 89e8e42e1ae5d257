package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.kernels.internal.cpu.FourBitWeights;
import java.util.List;

/** Weights multiplied in one dispatch to the threads, whose overhead matters for small products. */
final class CpuProduct implements FourBitProduct {

  private final List<CpuMatrix> matrices;
  private final int outputs;
  private FourBitWeights weights = new FourBitWeights();

  /** Joins weights. */
  CpuProduct(List<CpuMatrix> matrices) {
    this.matrices = List.copyOf(matrices);
    int first = 0;
    for (CpuMatrix matrix : matrices) {
      if (matrix.columns() != matrices.get(0).columns()) {
        close();
        throw new IllegalArgumentException(
            "columns: expected %d in every weight, found %d"
                .formatted(matrices.get(0).columns(), matrix.columns()));
      }
      weights.add(matrix.open(), first);
      first += matrix.rows();
    }
    outputs = first;
  }

  @Override
  public void multiply(Tensor x, Tensor y) {
    if (weights == null) {
      throw new IllegalStateException("This product has been closed");
    }
    matrices.forEach(CpuMatrix::open);
    if (!x.isOnHost()) {
      new EachInTurn(List.copyOf(matrices)).multiply(x, y);
      return;
    }
    long n = CpuMatrix.requireRows(x, matrices.get(0).columns());
    CpuMatrix.requireShape("y", y, n, outputs);
    int type = CpuMatrix.requireType(x, y);
    weights.multiply(x.data(), n, type, y.data(), outputs, Torch.threads());
  }

  @Override
  public void close() {
    if (weights != null) {
      weights.close();
      weights = null;
    }
  }
}
