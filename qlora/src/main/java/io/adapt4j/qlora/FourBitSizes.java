package io.adapt4j.qlora;

import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.kernels.internal.BlockMatrix;
import io.adapt4j.kernels.internal.BlockType;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.NestedScales;
import io.adapt4j.kernels.internal.QuantizedTensor;

/** Exact memory sizes of weights, known before they are read. */
final class FourBitSizes {

  private FourBitSizes() {}

  /** Returns the size: two codes per byte, the scales, and the code tables. */
  static QuantizedSize of(FourBitFormat format, long elements) {
    long blocks = format.blocks(elements);
    long tables = (long) format.code().numbers().length * Float.BYTES;
    if (format.doubleQuantized()) {
      long scaleBlocks = (blocks + FourBitFormat.SCALE_BLOCK - 1) / FourBitFormat.SCALE_BLOCK;
      tables += (scaleBlocks + NestedScales.CODES + 1) * Float.BYTES;
    }
    long scales = format.doubleQuantized() ? blocks : blocks * Float.BYTES;
    return new QuantizedSize(QuantizedTensor.packedBytes(elements), scales, tables);
  }

  /** Returns the size rearranged for inputs in 8 bits, equal for NF4 and FP4: rows are padded. */
  static QuantizedSize rearranged(long rows, long columns) {
    long bytes = BlockMatrix.bytes(BlockType.NF4, rows, columns);
    long scales = bytes / BlockType.NF4.bytes() * Short.BYTES;
    return new QuantizedSize(bytes - scales, scales, 0);
  }
}
