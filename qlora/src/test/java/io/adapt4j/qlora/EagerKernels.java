package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.FourBitMatrix;
import io.adapt4j.kernels.internal.JavaKernels;
import io.adapt4j.kernels.internal.QuantizedTensor;
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
  public boolean quantize(
      FourBitFormat format,
      StoredType type,
      ByteBuffer values,
      int count,
      ByteBuffer packed,
      float[] absmax,
      int block) {
    return JavaKernels.INSTANCE.quantize(format, type, values, count, packed, absmax, block);
  }

  @Override
  public void dequantize(QuantizedTensor tensor, long first, float[] target, int count) {
    JavaKernels.INSTANCE.dequantize(tensor, first, target, count);
  }

  @Override
  public FourBitMatrix matrix(QuantizedTensor tensor) {
    return new Matrix(JavaKernels.INSTANCE.matrix(tensor), products);
  }

  private record Matrix(FourBitMatrix inner, AtomicInteger products) implements FourBitMatrix {

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
    public void dequantize(Tensor target) {
      inner.dequantize(target);
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
