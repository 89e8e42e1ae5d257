package io.adapt4j.gguf.internal.load;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.head.CompactHead;
import io.adapt4j.core.internal.nn.linear.LinearTerms;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.kernels.internal.BlockMatrix;
import io.adapt4j.kernels.internal.QuantizedTerms;
import org.jspecify.annotations.Nullable;

/** The output head in its file's quantized blocks. */
final class BlockHead implements CompactHead {

  private final FileBlocks source;
  private @Nullable BlockMatrix matrix;

  BlockHead(FileBlocks source) {
    this.source = source;
  }

  @Override
  public void read(Checkpoint checkpoint) {
    close();
    matrix =
        source.read(
            checkpoint,
            Math.toIntExact(source.shape().get(0)),
            Math.toIntExact(source.shape().get(1)));
  }

  @Override
  public long bytes() {
    return BlockMatrix.bytes(source.type(), source.shape().get(0), source.shape().get(1));
  }

  @Override
  public boolean describe(LinearTerms terms, @Nullable Parameter bias) {
    if (matrix == null || !(terms instanceof QuantizedTerms quantized)) {
      return false;
    }
    quantized.add(matrix, 0, bias);
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
