package io.adapt4j.core.internal.nn.linear;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A linear layer whose frozen weight is stored quantized, for example in 4 bits. {@link
 * #parameters} does not include quantized weights, but does include biases.
 */
public interface QuantizedLinear extends Linear {

  /** Returns the names of the quantized weights in an unquantized checkpoint. */
  Set<String> packed();

  /** Returns the bias, if any: b [out], one of {@link #parameters}; this layer closes it. */
  Optional<Parameter> bias();

  /**
   * Returns the checkpoint tensors that {@link #read} reads the weights from, several for each
   * weight if it is stored quantized.
   */
  Map<String, List<Long>> stored();

  /** Returns the type of the weights before quantization. */
  StoredType original();

  /** Returns whether unquantized checkpoints store the weights as [in, out]. */
  boolean isTransposed();

  /** Prepares the weights, once read, for decoding steps that round their inputs to 8 bits. */
  default void roundInputsInSteps() {}

  /** Reads the quantized weights, piece by piece. */
  void read(Checkpoint checkpoint);

  /** Returns the number of quantized weights. */
  long packedCount();

  /** Returns the memory of the quantized weights in bytes, known before they are read. */
  long packedBytes();

  /** Returns the parts of the quantized weights' memory. */
  default QuantizedSize packing() {
    return new QuantizedSize(packedBytes(), 0, 0);
  }

  /**
   * Dequantizes the weight of one part.
   *
   * @return W [width, in] that shares no memory with the layer; owned by the open scope or, without
   *     one, by the caller
   */
  Tensor restored(Part part, DType type);
}
