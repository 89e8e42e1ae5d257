package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.kernels.internal.cpu.Int8Weight;
import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;

/**
 * A weight of a linear layer in 8 bits: blocks of 32 inputs with an fp16 scale each, rounded as
 * GGUF's Q8_0 rounds. Closed by its creator. Needs the C++ kernels.
 */
public final class Int8Matrix implements AutoCloseable {

  /** Number of rows per tile. */
  public static final int ROWS = 16;

  /** Number of inputs that share a scale. */
  private static final int BLOCK = 32;

  private final int rows;
  private final int columns;
  private Tensor tiles;

  private Int8Matrix(int rows, int columns, Tensor tiles) {
    this.rows = rows;
    this.columns = columns;
    this.tiles = tiles;
  }

  /**
   * Quantizes a weight. Shape of {@code weight}: [rows, columns], contiguous, in host memory; F32,
   * F16 or BF16.
   */
  public static Int8Matrix of(Tensor weight) {
    int rows = Math.toIntExact(weight.size(0));
    Int8Matrix matrix = empty(rows, Math.toIntExact(weight.size(1)));
    if (!matrix.quantize(0, rows, weight.type(), weight.address())) {
      matrix.close();
      throw new IllegalArgumentException("weight: expected finite numbers");
    }
    return matrix;
  }

  /** Allocates a weight, which {@link #quantize} fills piece by piece. */
  public static Int8Matrix empty(int rows, int columns) {
    requireLibrary();
    return new Int8Matrix(rows, columns, Tensor.emptyOnHost(DType.U8, bytes(rows, columns)).own());
  }

  /** Quantizes some rows. */
  public boolean quantize(int first, int count, StoredType type, ByteBuffer values) {
    if (!values.isDirect() || values.capacity() < (long) count * columns * type.bytes()) {
      throw new IllegalArgumentException(
          "values: expected %d numbers in direct memory, found %s"
              .formatted((long) count * columns, values));
    }
    try (BytePointer memory = new BytePointer(values.duplicate().rewind())) {
      return quantize(first, count, DType.valueOf(type.name()), memory.address());
    }
  }

  private boolean quantize(int first, int count, DType type, long values) {
    if (first < 0
        || count < 1
        || first % ROWS != 0
        || first + count > rows
        || (count % ROWS != 0 && first + count != rows)) {
      throw new IllegalArgumentException(
          "rows: expected whole tiles of %d in %d rows, found %d from %d on"
              .formatted(ROWS, rows, count, first));
    }
    return Int8Weight.quantize(
        values,
        CpuMatrix.code("weight", type),
        count,
        columns,
        address() + bytes(first, columns),
        Torch.threads());
  }

  /** Returns the memory of a weight: bytes. */
  public static long bytes(long rows, long columns) {
    return codeBytes(rows, columns) + scaleBytes(rows, columns);
  }

  /** Returns the memory of a weight's codes: bytes: one for each weight of whole tiles. */
  public static long codeBytes(long rows, long columns) {
    return tiles(rows, columns) * ROWS * BLOCK;
  }

  /** Returns the memory of a weight's scales: bytes: two for each row of a tile. */
  public static long scaleBytes(long rows, long columns) {
    return tiles(rows, columns) * ROWS * Short.BYTES;
  }

  private static long tiles(long rows, long columns) {
    return (rows + ROWS - 1) / ROWS * ((columns + BLOCK - 1) / BLOCK);
  }

  /** Requires the C++ kernels. */
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
   * Dequantizes the weight. Shape of {@code target}: [rows, columns], contiguous, in host memory;
   * F32, F16 or BF16.
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
