package io.adapt4j.kernels.internal.cuda;

import io.adapt4j.core.internal.tensor.DType;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/**
 * A 4-bit matrix in a device's memory, which selects the kernels to compute with it. Closing frees
 * the memory.
 */
public final class DeviceWeight implements AutoCloseable {

  /** Maximum number of blocks along the second dimension of a grid. */
  private static final int MOST_ROWS_OF_BLOCKS = 65535;

  private final Device device;
  private final int rows;
  private final int columns;
  private final long[] arguments;
  private final long bytes;
  private final Deque<DeviceBuffer> owned = new ArrayDeque<>();

  /** Copies a matrix to a device. */
  public DeviceWeight(Device device, QuantizedWeight weight) {
    this.device = device;
    this.rows = weight.rows();
    this.columns = weight.columns();
    QuantizedWeight.BlockScales scales = weight.scales();
    boolean nested = scales.codes() != null;
    try {
      this.arguments =
          new long[] {
            own(DeviceBuffer.of(device, weight.packed().duplicate().rewind())),
            own(DeviceBuffer.of(device, weight.numbers())),
            own(DeviceBuffer.of(device, scales.values())),
            nested ? own(DeviceBuffer.of(device, ByteBuffer.wrap(scales.codes()))) : 0,
            nested ? own(DeviceBuffer.of(device, scales.numbers())) : 0,
            bits(scales.offset()),
            shift(weight.blockSize()),
            shift(scales.blockSize())
          };
    } catch (RuntimeException e) {
      close();
      throw e;
    }
    this.bytes = owned.stream().mapToLong(DeviceBuffer::bytes).sum();
  }

  private long own(DeviceBuffer buffer) {
    owned.push(buffer);
    return buffer.address();
  }

  private static long bits(float value) {
    return Integer.toUnsignedLong(Float.floatToRawIntBits(value));
  }

  private static int shift(int powerOfTwo) {
    if (Integer.bitCount(powerOfTwo) != 1) {
      throw new IllegalArgumentException("blockSize: expected a power of two, found " + powerOfTwo);
    }
    return Integer.numberOfTrailingZeros(powerOfTwo);
  }

  /** {@return its memory in bytes} */
  public long bytes() {
    return bytes;
  }

  /** Dequantizes the matrix. */
  public void dequantize(DType type, long target) {
    long elements = (long) rows * columns;
    // One thread more than there are words of eight handles the remainder.
    int blocks = blocks(elements + 8, Kernel.DEQUANTIZED_WEIGHTS);
    device.launch(Kernel.dequantize(type), blocks, 1, with(target, elements));
  }

  /**
   * Multiplies: y = x W'.
   *
   * @param x address of [n, columns]
   * @param y address of [n, stride]
   */
  public void multiply(DType type, long x, int n, long y, int first, int stride) {
    long[] all = with(x, y, n, rows, columns, stride, first);
    boolean tensorCores = usesTensorCores(type, x);
    if (tensorCores && n <= Kernel.MOST_NARROW && columns % 32 == 0) {
      int tokens = n <= Kernel.MOST_NARROW / 2 ? 8 : 16;
      device.launch(Kernel.narrow(tokens), blocks(rows, Kernel.NARROW_OUTPUTS), 1, all);
    } else if (tensorCores && columns % 64 == 0) {
      int tokens = n <= 64 ? 32 : 128;
      int down = blocks(n, tokens);
      requireGrid(n, down);
      device.launch(Kernel.wide(tokens), blocks(rows, Kernel.WIDE_OUTPUTS), down, all);
    } else if (n <= Kernel.MOST_FEW) {
      device.launch(Kernel.few(type), blocks(rows, Kernel.FEW_OUTPUTS), 1, all);
    } else {
      int down = blocks(n, Kernel.PLAIN_TILE);
      requireGrid(n, down);
      device.launch(Kernel.plain(type), blocks(rows, Kernel.PLAIN_TILE), down, all);
    }
  }

  /**
   * Returns whether a fused product is expected to be faster than dequantizing the matrix and
   * multiplying. Dequantizing writes and reads 2 bytes per weight besides the half byte that both
   * read, so few rows gain. More rows have not been measured on a device yet.
   */
  public boolean multipliesFaster(DType type, long n) {
    boolean narrow = usesTensorCores(type, 0) && columns % 32 == 0;
    return n <= (narrow ? Kernel.MOST_NARROW : Kernel.MOST_FEW);
  }

  private boolean usesTensorCores(DType type, long x) {
    return type == DType.BF16
        && device.capability().isAtLeast(Capability.TENSOR_CORES)
        && x % 16 == 0;
  }

  private static void requireGrid(int n, int down) {
    if (down > MOST_ROWS_OF_BLOCKS) {
      throw new IllegalArgumentException("x: " + n + " rows are more than one product takes");
    }
  }

  private static int blocks(long count, int each) {
    return Math.toIntExact((count + each - 1) / each);
  }

  private long[] with(long... first) {
    long[] all = Arrays.copyOf(first, first.length + arguments.length);
    System.arraycopy(arguments, 0, all, first.length, arguments.length);
    return all;
  }

  @Override
  public void close() {
    while (!owned.isEmpty()) {
      owned.pop().close();
    }
  }
}
