package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Parameter;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A linear layer whose frozen weight is held in another form than a matrix of the compute type,
 * such as 4 bits. {@link #parameters} has no entry for what is packed; biases are there as in any
 * other.
 */
public interface QuantizedLinear extends Linear {

  /** Returns the packed weights as a plain checkpoint names them. */
  Set<String> packed();

  /**
   * Returns the bias, if there is one.
   *
   * @return b [out], one of {@link #parameters}; this layer closes it
   */
  Optional<Parameter> bias();

  /**
   * Returns the tensors of the checkpoint that {@link #read} takes the packed weights from, several
   * for each where it is stored packed.
   */
  Map<String, List<Long>> stored();

  /** Returns the type of the packed weights before they were packed. */
  StoredType original();

  /** Returns whether plain checkpoints store the weights as [in, out]. */
  boolean isTransposed();

  /** Reads the packed weights, piece by piece. */
  void read(Checkpoint checkpoint);

  /** Returns the number of packed weights. */
  long packedCount();

  /**
   * Returns the memory that the packed weights take.
   *
   * @return bytes, known before they are read
   */
  long packedBytes();

  /** Tells what the memory of the packed weights is for. */
  default QuantizedSize packing() {
    return new QuantizedSize(packedBytes(), 0, 0);
  }

  /**
   * Restores the weight of one part.
   *
   * @return W [width, in] that shares no memory with the layer; owned by the open scope, else by
   *     the caller
   */
  Tensor restored(Part part, DType type);
}
