package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.MxFourBit;
import io.adapt4j.core.internal.checkpoint.SplitTensors;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.BlockMatrix;
import io.adapt4j.kernels.internal.BlockType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Map;

/** An MXFP4 weight of a checkpoint, with codes and scales in separate tensors. */
record MxSource(String name, String storedName, List<Long> shape) implements BlockSource {

  /** Size of a block's codes in bytes. */
  private static final int NUMBERS = MxFourBit.BLOCK / 2;

  @Override
  public BlockType type() {
    return BlockType.MXFP4;
  }

  @Override
  public boolean hasSignedZeros() {
    return true;
  }

  @Override
  public StoredType original() {
    return StoredType.BF16;
  }

  @Override
  public Map<String, List<Long>> stored() {
    return Map.of(storedName, shape);
  }

  @Override
  public BlockMatrix read(Checkpoint checkpoint, int rows, int columns) {
    int count = Math.multiplyExact(rows, columns / MxFourBit.BLOCK);
    ByteBuffer numbers = ByteBuffer.allocate(Math.multiplyExact(count, NUMBERS));
    ByteBuffer scales = ByteBuffer.allocate(count);
    checkpoint
        .file(storedName, SplitTensors.class)
        .orElseThrow()
        .readFourBit(storedName, numbers, scales);
    BlockMatrix matrix = BlockMatrix.empty(type(), rows, columns);
    try (Tensor staged = Tensor.emptyOnHost(DType.U8, (long) count * type().bytes())) {
      arrange(numbers, scales, staged.data());
      matrix.arrange(staged.data(), null);
      return matrix;
    } catch (RuntimeException | Error e) {
      matrix.close();
      throw e;
    }
  }

  /** Rearranges blocks to GGUF's layout: the scale first, then codes (0, 16), (1, 17), ... */
  private static void arrange(ByteBuffer numbers, ByteBuffer scales, ByteBuffer target) {
    ByteBuffer pairs = numbers.order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer blocks = target.duplicate().clear().order(ByteOrder.LITTLE_ENDIAN);
    for (int block = 0; block < scales.capacity(); block++) {
      long first = pairs.getLong(block * NUMBERS);
      long second = pairs.getLong(block * NUMBERS + Long.BYTES);
      blocks.put(scales.get(block));
      blocks.putLong(halves(first) | halves(second) << 4);
      blocks.putLong(halves(first >>> Integer.SIZE) | halves(second >>> Integer.SIZE) << 4);
    }
  }

  /** Expands the nibbles of the lower 4 bytes to bytes. */
  private static long halves(long bytes) {
    long spread = bytes & 0xFFFFFFFFL;
    spread = (spread | spread << 16) & 0x0000FFFF0000FFFFL;
    spread = (spread | spread << 8) & 0x00FF00FF00FF00FFL;
    return (spread | spread << 4) & 0x0F0F0F0F0F0F0F0FL;
  }
}
