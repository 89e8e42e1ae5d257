package io.adapt4j.kernels.internal.packed;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.kernels.internal.BlockMatrix;
import io.adapt4j.kernels.internal.BlockType;

/** Where a weight in blocks comes from. */
public interface BlockSource extends WeightSource {

  /** {@return how it will be held} */
  BlockType type();

  /** {@return whether a zero below zero is one in files of plain weights} */
  boolean hasSignedZeros();

  /**
   * Reads the weight.
   *
   * @return the weight, with rows in the checkpoint's order; closed by the caller
   */
  BlockMatrix read(Checkpoint checkpoint, int rows, int columns);
}
