package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.kernels.internal.BlockMatrix;
import io.adapt4j.kernels.internal.BlockType;

/** Source of a block-quantized weight. */
public interface BlockSource extends WeightSource {

  /** {@return its type in memory} */
  BlockType type();

  /** {@return whether negative zeros stay negative in files of plain weights} */
  boolean hasSignedZeros();

  /**
   * Reads the weight.
   *
   * @return the weight, with rows in the checkpoint's order; closed by the caller
   */
  BlockMatrix read(Checkpoint checkpoint, int rows, int columns);
}
