package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.kernels.internal.BlockMatrix;
import io.adapt4j.kernels.internal.QuantizedTerms;
import org.jspecify.annotations.Nullable;

/** The block-quantized weight of one projection. */
public final class BlockPart extends PackedPart {

  private final BlockSource source;
  private @Nullable BlockMatrix matrix;

  /** Creates a part without values. */
  public BlockPart(Linear.Part part, long in, BlockSource source) {
    super(part, in);
    this.source = source;
  }

  @Override
  public WeightSource source() {
    return source;
  }

  @Override
  public QuantizedSize bytes() {
    return new QuantizedSize(BlockMatrix.bytes(source.type(), part().width(), in()), 0, 0);
  }

  void read(Checkpoint checkpoint) {
    close();
    int rows = Math.toIntExact(part().width());
    matrix = source.read(checkpoint, rows, Math.toIntExact(in()));
  }

  BlockMatrix matrix() {
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
  public void restore(Tensor target) {
    BlockMatrix read = matrix();
    onHost(target, source.hasSignedZeros() ? read::dequantizeSigned : read::dequantize);
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
