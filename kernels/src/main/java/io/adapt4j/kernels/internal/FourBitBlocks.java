package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.Tensor;
import java.util.Optional;

/** A 4-bit weight in rearranged blocks. */
record FourBitBlocks(BlockMatrix blocks) implements FourBitMatrix {

  /**
   * Rearranges a weight, which stays open.
   *
   * @return empty for other numbers than those of NF4 and FP4, rows that begin within a block, and
   *     scales that fp16 cannot hold
   */
  static Optional<FourBitBlocks> of(CpuMatrix weight, CpuVariant variant) {
    return weight
        .blockType()
        .filter(type -> weight.columns() % type.columns() == 0)
        .flatMap(type -> BlockMatrix.of(type, weight, variant))
        .map(FourBitBlocks::new);
  }

  @Override
  public int rows() {
    return blocks.rows();
  }

  @Override
  public int columns() {
    return blocks.columns();
  }

  @Override
  public long bytes() {
    return blocks.bytes();
  }

  @Override
  public boolean holdsCodes() {
    return true;
  }

  @Override
  public void dequantize(Tensor target) {
    blocks.dequantize(target);
  }

  @Override
  public void multiply(Tensor x, Tensor y, int first) {
    blocks.multiply(x, y, first);
  }

  @Override
  public boolean multipliesFaster(long n) {
    return blocks.multipliesFaster(n);
  }

  @Override
  public void close() {
    blocks.close();
  }
}
