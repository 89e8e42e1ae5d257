package io.adapt4j.gguf.internal.load;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.BlockMatrix;
import io.adapt4j.kernels.internal.BlockType;
import io.adapt4j.kernels.internal.packed.BlockSource;
import java.util.List;
import java.util.Map;

/** A quantized weight in a GGUF file. */
record FileBlocks(String name, String storedName, List<Long> shape, BlockType type)
    implements BlockSource {

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
      matrix.arrange(staged.data(), file.order(storedName).orElse(null));
      return matrix;
    } catch (RuntimeException | Error e) {
      matrix.close();
      throw e;
    }
  }
}
