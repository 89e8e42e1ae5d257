package io.adapt4j.qlora;

import io.adapt4j.core.engine.Tensor;

/** A 4-bit weight computed with in Java, as it was read. */
record JavaMatrix(QuantisedTensor tensor) implements FourBitMatrix {

  @Override
  public int rows() {
    return tensor.rows();
  }

  @Override
  public int columns() {
    return tensor.columns();
  }

  @Override
  public long bytes() {
    return tensor.bytes();
  }

  @Override
  public void dequantise(Tensor target) {
    int columns = columns();
    float[] row = new float[columns];
    for (int i = 0; i < rows(); i++) {
      JavaKernels.INSTANCE.dequantise(tensor, (long) i * columns, row, columns);
      try (Tensor values = Tensor.of(row, 1, columns);
          Tensor place = target.narrow(0, i, 1)) {
        place.copyFrom(values);
      }
    }
  }

  @Override
  public void multiply(Tensor x, Tensor y, int first) {
    int n = (int) x.size(0);
    float[] product = JavaKernels.INSTANCE.matmul(tensor, x.toFloats(), n);
    try (Tensor values = Tensor.of(product, n, rows());
        Tensor place = y.narrow(1, first, rows())) {
      place.copyFrom(values);
    }
  }

  @Override
  public boolean multipliesFaster(long n) {
    return false;
  }

  @Override
  public void close() {}
}
