package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;

/** Weights multiplied one after the other. */
record EachInTurn(List<FourBitMatrix> matrices) implements FourBitProduct {

  @Override
  public void multiply(Tensor x, Tensor y) {
    int first = 0;
    for (FourBitMatrix matrix : matrices) {
      matrix.multiply(x, y, first);
      first += matrix.rows();
    }
  }

  @Override
  public void close() {}
}
