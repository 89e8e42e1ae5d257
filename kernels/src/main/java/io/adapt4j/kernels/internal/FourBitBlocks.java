package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.Tensor;

/** A 4-bit weight in rearranged blocks. */
final class FourBitBlocks implements FourBitMatrix {

  private final BlockMatrix blocks;

  /** Takes over a matrix, which it closes. */
  FourBitBlocks(BlockMatrix blocks) {
    this.blocks = blocks;
  }

  BlockMatrix blocks() {
    return blocks;
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
