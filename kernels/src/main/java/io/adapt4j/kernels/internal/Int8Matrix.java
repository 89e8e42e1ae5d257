package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.kernels.internal.cpu.Int8Weight;

/**
 * A weight of a linear layer in 8 bits: blocks of 32 inputs with an fp16 scale each, rounded as
 * GGUF's Q8_0 rounds. Closed by whoever made it. Needs the kernels in C++.
 */
public final class Int8Matrix implements AutoCloseable {

  private final int rows;
  private final int columns;
  private Tensor tiles;

  private Int8Matrix(int rows, int columns, Tensor tiles) {
    this.rows = rows;
    this.columns = columns;
    this.tiles = tiles;
  }

  /**
   * Rounds a weight.
   *
   * @param weight [rows, columns], contiguous, in host memory; F32, F16 or BF16
   * @return the rounded weight, which shares no memory with it
   * @throws IllegalArgumentException if a number is not finite
   * @throws IllegalStateException without the kernels in C++, with the reason
   */
  public static Int8Matrix of(Tensor weight) {
    requireLibrary();
    int rows = Math.toIntExact(weight.size(0));
    int columns = Math.toIntExact(weight.size(1));
    Tensor tiles = Tensor.emptyOnHost(DType.U8, bytes(rows, columns)).own();
    boolean finite =
        Int8Weight.quantize(
            weight.address(),
            CpuMatrix.code("weight", weight.type()),
            rows,
            columns,
            tiles.address(),
            Torch.threads());
    if (!finite) {
      tiles.close();
      throw new IllegalArgumentException("weight: expected finite numbers");
    }
    return new Int8Matrix(rows, columns, tiles);
  }

  /**
   * Returns the memory that a weight takes.
   *
   * @param rows outputs
   * @param columns inputs
   * @return bytes
   */
  public static long bytes(long rows, long columns) {
    return (rows + 15) / 16 * ((columns + 31) / 32) * (512 + 32);
  }

  /**
   * Makes sure that the kernels in C++ are there.
   *
   * @throws IllegalStateException without them, with the reason
   */
  public static void requireLibrary() {
    if (!CpuLibrary.get().isPresent()) {
      throw new IllegalStateException(
          "Weights in 8 bits need the kernels in C++: " + CpuLibrary.get().absence());
    }
  }

  /** {@return the outputs of the layer} */
  public int rows() {
    return rows;
  }

  /** {@return the inputs of the layer} */
  public int columns() {
    return columns;
  }

  /** {@return the memory it holds in bytes} */
  public long bytes() {
    return bytes(rows, columns);
  }

  /**
   * Restores the weight.
   *
   * @param target [rows, columns], contiguous, in host memory; F32, F16 or BF16
   */
  public void dequantize(Tensor target) {
    CpuMatrix.requireShape("target", target, rows, columns);
    Int8Weight.dequantize(
        address(),
        columns,
        0,
        rows,
        target.address(),
        CpuMatrix.code("target", target.type()),
        Torch.threads());
  }

  long address() {
    if (tiles == null) {
      throw new IllegalStateException("This matrix has been closed");
    }
    return tiles.address();
  }

  @Override
  public void close() {
    if (tiles != null) {
      tiles.close();
      tiles = null;
    }
  }
}
