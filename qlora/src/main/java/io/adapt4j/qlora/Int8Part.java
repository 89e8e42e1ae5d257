package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.kernels.internal.Int8Matrix;
import io.adapt4j.kernels.internal.QuantizedTerms;
import io.adapt4j.kernels.internal.packed.PackedPart;
import io.adapt4j.kernels.internal.packed.WeightSource;
import org.jspecify.annotations.Nullable;

/** The 8-bit weight of one projection. */
final class Int8Part extends PackedPart {

  private final PlainSource source;
  private @Nullable Int8Matrix matrix;

  Int8Part(Linear.Part part, long in, PlainSource source) {
    super(part, in);
    this.source = source;
  }

  /** Returns the memory of a weight, with rows and columns padded to whole tiles. */
  static QuantizedSize size(long rows, long columns) {
    return new QuantizedSize(
        Int8Matrix.codeBytes(rows, columns), Int8Matrix.scaleBytes(rows, columns), 0);
  }

  @Override
  public WeightSource source() {
    return source;
  }

  @Override
  public QuantizedSize bytes() {
    return size(part().width(), in());
  }

  void read(Checkpoint checkpoint) {
    close();
    matrix = source.open(checkpoint).toInt8();
  }

  private Int8Matrix matrix() {
    if (matrix == null) {
      throw withoutWeights();
    }
    return matrix;
  }

  @Override
  public void dequantize(Tensor target) {
    onHost(target, matrix()::dequantize);
  }

  @Override
  public boolean describe(QuantizedTerms terms, @Nullable Parameter bias) {
    terms.add(matrix(), part().start(), bias);
    return true;
  }

  @Override
  public void close() {
    if (matrix != null) {
      matrix.close();
      matrix = null;
    }
  }
}
