package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.kernels.internal.cpu.BlockWeight;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.jspecify.annotations.Nullable;

/**
 * A weight of a linear layer in the blocks of a GGUF file, in NF4 or FP4, rearranged for the C++
 * kernels, which it needs. Closed by its creator.
 */
public final class BlockMatrix implements AutoCloseable {

  /** Number of rows per tile. */
  public static final int ROWS = 16;

  /**
   * Maximum number of rows for which the fused product is faster than dequantizing and multiplying
   * by libtorch.
   */
  private static final int MOST_ROWS = 8;

  private final BlockType type;
  private final int rows;
  private final int columns;
  private final CpuVariant variant;
  private @Nullable Tensor tiles;

  private BlockMatrix(BlockType type, int rows, int columns, CpuVariant variant, Tensor tiles) {
    this.type = type;
    this.rows = rows;
    this.columns = columns;
    this.variant = variant;
    this.tiles = tiles;
  }

  /** Returns whether the C++ kernels are available. */
  public static boolean isSupported() {
    return CpuLibrary.get().isPresent();
  }

  /** Allocates a weight, which {@link #arrange} fills. */
  public static BlockMatrix empty(BlockType type, int rows, int columns) {
    return empty(type, rows, columns, CpuLibrary.get().chosen());
  }

  /** Allocates a weight for a variant of the kernels. */
  static BlockMatrix empty(BlockType type, int rows, int columns, CpuVariant variant) {
    long bytes = bytes(type, rows, columns);
    return new BlockMatrix(type, rows, columns, variant, Tensor.emptyOnHost(DType.U8, bytes).own());
  }

  /**
   * Rearranges a weight in NF4 or FP4, its scales rounded to fp16.
   *
   * @return the weight; empty if a scale is outside of fp16's normal numbers
   */
  static Optional<BlockMatrix> of(BlockType type, CpuMatrix weight, CpuVariant variant) {
    BlockMatrix matrix = empty(type, weight.rows(), weight.columns(), variant);
    if (BlockWeight.arrangeFourBit(type.id(), weight.open(), matrix.address(), Torch.threads())) {
      return Optional.of(matrix);
    }
    matrix.close();
    return Optional.empty();
  }

  /**
   * Returns the memory of a weight in bytes: those in the file with rows padded to whole tiles, and
   * up to 22 % more (TQ1_0 and Q2_K; of other types up to 8 %), or for types of few bits what
   * OWN_TABLE, OWN_EIGHT or OWN_WIDE takes.
   */
  public static long bytes(BlockType type, long rows, long columns) {
    if (columns % type.columns() != 0) {
      throw new IllegalArgumentException(
          "columns: expected a multiple of %d for %s, found %d"
              .formatted(type.columns(), type, columns));
    }
    return (rows + ROWS - 1) / ROWS * (columns / type.columns()) * tileBytes(type);
  }

  /** Returns the size of a block of a whole tile. */
  private static long tileBytes(BlockType type) {
    return (long) ROWS * type.tileBytes();
  }

  /**
   * Copies the rows of a file.
   *
   * @param order for each row of the weight its row in the file; null if the order is the same
   */
  public void arrange(ByteBuffer blocks, int @Nullable [] order) {
    long expected = (long) rows * (columns / type.columns()) * type.bytes();
    if (!blocks.isDirect() || blocks.capacity() != expected) {
      throw new IllegalArgumentException(
          "blocks: expected %d bytes of direct memory, found %s".formatted(expected, blocks));
    }
    requireOrder(order);
    try (BytePointer memory = new BytePointer(blocks.duplicate().rewind());
        IntPointer rowsOfFile = order == null ? null : new IntPointer(order)) {
      BlockWeight.arrange(
          type.id(), memory.address(), rowsOfFile, 0, rows, columns, address(), Torch.threads());
    }
  }

  private void requireOrder(int @Nullable [] order) {
    if (order == null) {
      return;
    }
    if (order.length != rows) {
      throw new IllegalArgumentException(
          "order: expected %d rows, found %d".formatted(rows, order.length));
    }
    for (int row : order) {
      if (row < 0 || row >= rows) {
        throw new IllegalArgumentException(
            "order: expected rows below %d, found %d".formatted(rows, row));
      }
    }
  }

  /** {@return the block type} */
  public BlockType type() {
    return type;
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
    return bytes(type, rows, columns);
  }

  /**
   * Dequantizes the weight. Shape of {@code target}: [rows, columns], contiguous, in host memory;
   * F32, F16 or BF16.
   */
  public void dequantize(Tensor target) {
    CpuMatrix.requireShape("target", target, rows, columns);
    BlockWeight.dequantize(
        type.id(),
        variant.number,
        address(),
        columns,
        0,
        rows,
        target.address(),
        CpuMatrix.code("target", target.type()),
        Torch.threads());
  }

  /**
   * Dequantizes the weight with negative zeros, which {@link #dequantize} omits like GGUF's
   * reference.
   */
  public void dequantizeSigned(Tensor target) {
    dequantize(target);
    if (type == BlockType.MXFP4) {
      BlockWeight.signZeros(
          address(),
          columns,
          rows,
          target.address(),
          CpuMatrix.code("target", target.type()),
          Torch.threads());
    }
  }

  /**
   * Multiplies without dequantizing the weight: y = x W'.
   *
   * @param x [n, columns], contiguous, in host memory; F32 or BF16
   * @param y [n, outputs], contiguous, of the type of x; columns {@code first} to {@code first +
   *     rows} are overwritten. Sums are accumulated in fp32
   */
  public void multiply(Tensor x, Tensor y, int first) {
    long n = CpuMatrix.requireRows(x, columns);
    long outputs = y.sizes().length == 2 ? y.size(1) : -1;
    CpuMatrix.requireShape("y", y, n, outputs);
    if (first < 0 || first > outputs - rows) {
      throw new IllegalArgumentException(
          "first: expected 0 to %d, found %d".formatted(outputs - rows, first));
    }
    BlockWeight.multiply(
        type.id(),
        variant.number,
        address(),
        rows,
        columns,
        x.address(),
        n,
        CpuMatrix.requireType(x, y),
        y.address(),
        outputs,
        first,
        Torch.threads());
  }

  /**
   * Returns whether {@link #multiply} is faster than dequantizing the weight and multiplying by
   * libtorch.
   */
  public boolean multipliesFaster(long n) {
    return n <= MOST_ROWS;
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
