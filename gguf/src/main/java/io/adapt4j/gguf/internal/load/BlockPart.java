package io.adapt4j.gguf.internal.load;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Linear;
import io.adapt4j.core.internal.nn.QuantizedSize;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.BlockMatrix;
import io.adapt4j.kernels.internal.QuantizedTerms;
import io.adapt4j.kernels.internal.packed.PackedPart;
import io.adapt4j.kernels.internal.packed.WeightSource;
import org.jspecify.annotations.Nullable;

/** The weight of one projection in the blocks of its file. */
final class BlockPart extends PackedPart {

  private final BlockSource source;
  private @Nullable BlockMatrix matrix;

  BlockPart(Linear.Part part, long in, BlockSource source) {
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
    if (target.isOnHost()) {
      matrix().dequantize(target);
      return;
    }
    try (Tensor staged = Tensor.emptyOnHost(target.type(), target.sizes())) {
      matrix().dequantize(staged);
      target.copyFrom(staged);
    }
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
