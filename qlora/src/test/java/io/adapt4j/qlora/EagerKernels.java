package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;

/** The kernels in Java, which say that they multiply faster than libtorch. */
final class EagerKernels implements FourBitKernels {

  private final AtomicInteger products = new AtomicInteger();

  int products() {
    return products.get();
  }

  @Override
  public String name() {
    return "eager";
  }

  @Override
  public boolean quantise(
      Quantization quantization,
      StoredType type,
      ByteBuffer values,
      int count,
      ByteBuffer packed,
      float[] absmax,
      int block) {
    return JavaKernels.INSTANCE.quantise(quantization, type, values, count, packed, absmax, block);
  }

  @Override
  public void dequantise(QuantisedTensor tensor, long first, float[] target, int count) {
    JavaKernels.INSTANCE.dequantise(tensor, first, target, count);
  }

  @Override
  public FourBitMatrix matrix(QuantisedTensor tensor) {
    return new Matrix(new JavaMatrix(tensor), products);
  }

  private record Matrix(JavaMatrix inner, AtomicInteger products) implements FourBitMatrix {

    @Override
    public int rows() {
      return inner.rows();
    }

    @Override
    public int columns() {
      return inner.columns();
    }

    @Override
    public long bytes() {
      return inner.bytes();
    }

    @Override
    public void dequantise(Tensor target) {
      inner.dequantise(target);
    }

    @Override
    public void multiply(Tensor x, Tensor y, int first) {
      products.incrementAndGet();
      inner.multiply(x, y, first);
    }

    @Override
    public boolean multipliesFaster(long n) {
      return true;
    }

    @Override
    public void close() {}
  }
}
