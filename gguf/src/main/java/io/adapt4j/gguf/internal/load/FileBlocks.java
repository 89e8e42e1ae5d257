package io.adapt4j.gguf.internal.load;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.gguf.format.Quantizer;
import io.adapt4j.gguf.format.TensorType;
import io.adapt4j.kernels.internal.BlockMatrix;
import io.adapt4j.kernels.internal.BlockType;
import io.adapt4j.kernels.internal.packed.BlockSource;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** A quantized weight in a GGUF file. */
record FileBlocks(
    String name, String storedName, List<Long> shape, TensorType storedType, BlockType type)
    implements BlockSource {

  /** Number of blocks that a thread rearranges at a time. */
  private static final int PIECE = 64;

  /** Returns the weight; empty if the kernels lack its type. */
  static Optional<FileBlocks> of(
      String name, String storedName, List<Long> shape, TensorType stored) {
    return BlockType.of(stored.id())
        .or(() -> tableType(stored))
        .map(type -> new FileBlocks(name, storedName, shape, stored, type));
  }

  private static Optional<BlockType> tableType(TensorType stored) {
    return switch (stored) {
      // Their grids have three levels: a code is one, in two bits, and the fourth bit.
      case IQ1_S, IQ2_XXS -> Optional.of(BlockType.OWN_WIDE);
      case IQ1_M, IQ2_XS, IQ2_S -> Optional.of(BlockType.OWN_EIGHT);
      case Q1_0, Q2_0 -> Optional.of(BlockType.Q4_0);
      default ->
          Quantizer.of(stored).hasTable() ? Optional.of(BlockType.OWN_TABLE) : Optional.empty();
    };
  }

  /** Returns fp32: the type before quantization is unknown, and values are dequantized to fp32. */
  @Override
  public StoredType original() {
    return StoredType.F32;
  }

  @Override
  public Map<String, List<Long>> stored() {
    return Map.of(storedName, shape);
  }

  @Override
  public boolean hasSignedZeros() {
    return false;
  }

  /** Reads the blocks with rows in the checkpoint's order. */
  @Override
  public BlockMatrix read(Checkpoint checkpoint, int rows, int columns) {
    GgufTensorFile file = checkpoint.file(storedName, GgufTensorFile.class).orElseThrow();
    BlockMatrix matrix = BlockMatrix.empty(type, rows, columns);
    try (Tensor staged = Tensor.emptyOnHost(DType.U8, checkpoint.storedBytes(storedName))) {
      file.readStored(storedName, staged.data());
      int[] order = file.order(storedName).orElse(null);
      if (type.id() != storedType.id()) {
        long bytes = staged.data().capacity() / storedType.blockBytes() * (long) blockBytes();
        try (Tensor converted = Tensor.emptyOnHost(DType.U8, bytes)) {
          convert(staged.data(), converted.data());
          matrix.arrange(converted.data(), order);
        }
      } else {
        matrix.arrange(staged.data(), order);
      }
      return matrix;
    } catch (RuntimeException | Error e) {
      matrix.close();
      throw e;
    }
  }

  /** Returns the bytes in the type of the kernels that a block of the file takes. */
  private int blockBytes() {
    return storedType.blockSize() / type.columns() * type.bytes();
  }

  private void convert(ByteBuffer stored, ByteBuffer target) {
    int size = storedType.blockBytes();
    int blocks = stored.capacity() / size;
    IntStream.range(0, (blocks + PIECE - 1) / PIECE)
        .parallel()
        .forEach(
            piece -> {
              int first = piece * PIECE;
              int count = Math.min(PIECE, blocks - first);
              ByteBuffer from = stored.slice(first * size, count * size);
              ByteBuffer to = target.slice(first * blockBytes(), count * blockBytes());
              Quantizer quantizer = Quantizer.of(storedType);
              if (type.hasOwnTable()) {
                quantizer.toTable(from, to);
              } else {
                quantizer.toFourBits(from, to);
              }
            });
  }
}
