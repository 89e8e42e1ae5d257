package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.Torch;
import io.adapt4j.kernels.internal.cpu.FourBitWeight;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;

/**
 * A 4-bit weight of the C++ kernels, which run on as many threads as libtorch. Codes in direct
 * memory are used in place; scales are copied. Do not close it while it computes.
 */
final class CpuMatrix implements FourBitMatrix {

  private final int rows;
  private final int columns;
  private final long bytes;
  private final CpuVariant variant;
  private final Optional<BlockType> blockType;

  /** Kept reachable, since the C++ weight points into it. */
  private final ByteBuffer packed;

  /** The memory of copied codes, or null if they are used in place. */
  private final BytePointer copy;

  private FourBitWeight weight;

  CpuMatrix(CpuVariant variant, QuantizedTensor tensor) {
    this.variant = variant;
    rows = tensor.rows();
    columns = tensor.columns();
    bytes = tensor.bytes();
    FourBitCode code = tensor.format().code();
    blockType =
        code.hasNumbers(tensor.numbers()) ? Optional.of(BlockType.of(code)) : Optional.empty();
    requireSizes(tensor);
    copy = tensor.packed().isDirect() ? null : copied(tensor.packed());
    packed = copy == null ? tensor.packed().duplicate().rewind() : copy.asByteBuffer();
    weight =
        new FourBitWeight(
            variant.number, packed, rows, columns, tensor.format().blockSize(), tensor.numbers());
    try {
      setScales(tensor.scales());
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static void requireSizes(QuantizedTensor tensor) {
    long elements = tensor.elements();
    require("packed", QuantizedTensor.packedBytes(elements), tensor.packed().limit());
    require("scales", tensor.format().blocks(elements), tensor.scales().count());
    require("numbers", 16, tensor.numbers().length);
    if (tensor.scales() instanceof NestedScales nested) {
      int size = nested.blockSize();
      if (size < 1) {
        throw new IllegalArgumentException("nested block size: expected at least 1, found " + size);
      }
      require("nested numbers", 256, nested.numbers().length);
      require(
          "nested absmax",
          (nested.codes().length + (long) size - 1) / size,
          nested.absmax().length);
    }
  }

  private static void require(String field, long expected, long found) {
    if (expected != found) {
      throw new IllegalArgumentException(field + ": expected " + expected + ", found " + found);
    }
  }

  private static BytePointer copied(ByteBuffer packed) {
    BytePointer memory = new BytePointer(packed.limit());
    memory.asByteBuffer().put(packed.duplicate().rewind());
    return memory;
  }

  private void setScales(Scales scales) {
    if (scales instanceof NestedScales nested) {
      weight.nestedScales(
          nested.codes(),
          nested.codes().length,
          nested.numbers(),
          nested.absmax(),
          nested.absmax().length,
          nested.blockSize(),
          nested.offset());
    } else if (scales instanceof PlainScales plain) {
      weight.plainScales(plain.values(), plain.values().length);
    }
  }

  @Override
  public int rows() {
    return rows;
  }

  @Override
  public int columns() {
    return columns;
  }

  @Override
  public long bytes() {
    return bytes;
  }

  @Override
  public void dequantize(Tensor target) {
    FourBitWeight open = open();
    requireShape("target", target, rows, columns);
    int type = code("target", target.type());
    target.fill(memory -> open.dequantize(memory, type, Torch.threads()));
  }

  @Override
  public void multiply(Tensor x, Tensor y, int first) {
    FourBitWeight open = open();
    long n = requireRows(x, columns);
    long outputs = y.sizes().length == 2 ? y.size(1) : -1;
    requireShape("y", y, n, outputs);
    if (first < 0 || first > outputs - rows) {
      throw new IllegalArgumentException(
          "first: expected 0 to %d, so that %d columns fit into y %s, found %d"
              .formatted(outputs - rows, rows, Arrays.toString(y.sizes()), first));
    }
    if (!x.isOnHost() && !y.isOnHost()) {
      multiplyThroughHost(x, y, first);
      return;
    }
    int type = requireType(x, y);
    open.multiply(x.data(), n, type, y.data(), outputs, first, Torch.threads());
  }

  /** Checks x and returns its number of rows. */
  static long requireRows(Tensor x, int columns) {
    long n = x.sizes().length == 2 ? x.size(0) : -1;
    requireShape("x", x, n, columns);
    return n;
  }

  /** Checks that both types are equal and returns their code in C++. */
  static int requireType(Tensor x, Tensor y) {
    DType type = x.type();
    if (type != y.type() || type == DType.F16) {
      throw new IllegalArgumentException(
          "x and y: expected both F32 or both BF16, found " + type + " and " + y.type());
    }
    return code("x", type);
  }

  /**
   * Multiplies GPU tensors through host memory, for users who force these kernels or have no
   * others.
   */
  private void multiplyThroughHost(Tensor x, Tensor y, int first) {
    try (Tensor input = x.toHost();
        Tensor output = y.toHost()) {
      multiply(input, output, first);
      y.copyFrom(output);
    }
  }

  static void requireShape(String field, Tensor tensor, long first, long second) {
    long[] sizes = tensor.sizes();
    if (sizes.length != 2 || sizes[0] != first || sizes[1] != second) {
      throw new IllegalArgumentException(
          "%s: expected shape [%s, %s], found %s"
              .formatted(field, size(first, "n"), size(second, "outputs"), Arrays.toString(sizes)));
    }
  }

  private static String size(long size, String name) {
    return size < 0 ? name : Long.toString(size);
  }

  static int code(String field, DType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1;
      case BF16 -> 2;
      default ->
          throw new IllegalArgumentException(field + ": expected F32, F16 or BF16, found " + type);
    };
  }

  @Override
  public boolean multipliesFaster(long n) {
    return multipliesFaster(DType.F32, n);
  }

  @Override
  public boolean multipliesFaster(DType type, long n) {
    return n <= CpuCosts.mostRows(variant, type, columns);
  }

  /** The type for rearranged blocks; empty if codes have other values than usual. */
  Optional<BlockType> blockType() {
    return blockType;
  }

  /** Returns the C++ weight. */
  FourBitWeight open() {
    if (weight == null) {
      throw new IllegalStateException("This matrix has been closed");
    }
    return weight;
  }

  @Override
  public void close() {
    if (weight != null) {
      weight.close();
      weight = null;
      if (copy != null) {
        copy.close();
      }
    }
  }
}
