package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Linear;
import io.adapt4j.core.internal.nn.QuantizedSize;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.FourBitMatrix;
import io.adapt4j.kernels.internal.QuantizedTensor;
import org.jspecify.annotations.Nullable;

/** The 4-bit weight of one projection: its codes, and what computes with them. */
final class FourBitPart implements AutoCloseable {

  private final Linear.Part part;
  private final long in;
  private final WeightSource source;
  private @Nullable Tensor codes;
  private @Nullable FourBitMatrix matrix;

  FourBitPart(Linear.Part part, long in, WeightSource source) {
    this.part = part;
    this.in = in;
    this.source = source;
  }

  Linear.Part part() {
    return part;
  }

  WeightSource source() {
    return source;
  }

  long count() {
    return part.width() * in;
  }

  /** The memory of codes and scales, the same before and after they are read. */
  QuantizedSize bytes() {
    return FourBitSizes.of(source.format(), count());
  }

  void read(Checkpoint checkpoint, FourBitKernels kernels) {
    close();
    codes = Tensor.emptyOnHost(DType.U8, QuantizedTensor.packedBytes(count())).own();
    matrix = kernels.matrix(source.read(checkpoint, codes, kernels));
    if (matrix.holdsCodes()) {
      closeCodes();
    }
  }

  /**
   * What computes with the weight.
   *
   * @throws IllegalStateException before it is read, and after it is closed
   */
  FourBitMatrix matrix() {
    if (matrix == null) {
      throw new IllegalStateException(part.path() + " has no weights");
    }
    return matrix;
  }

  @Override
  public void close() {
    if (matrix != null) {
      matrix.close();
      matrix = null;
    }
    closeCodes();
  }

  private void closeCodes() {
    if (codes != null) {
      codes.close();
      codes = null;
    }
  }
}
