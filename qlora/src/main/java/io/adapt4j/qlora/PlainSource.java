package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.Tensor;
import java.util.List;
import java.util.Map;

/**
 * An unquantised weight of a checkpoint, which is quantised piece by piece as it is read.
 *
 * @param name the name of the weight
 * @param storedName the name in the checkpoint
 * @param shape dimensions there
 * @param original the type there
 * @param transposed whether it is stored as [in, out]
 * @param quantization how to quantise it
 */
record PlainSource(
    String name,
    String storedName,
    List<Long> shape,
    StoredType original,
    boolean transposed,
    Quantization quantization)
    implements WeightSource {

  @Override
  public Map<String, List<Long>> stored() {
    return Map.of(storedName, shape);
  }

  @Override
  public QuantisedTensor read(Checkpoint checkpoint, Tensor codes, FourBitKernels kernels) {
    return new StoredWeight(checkpoint, storedName, transposed)
        .quantise(quantization, kernels, codes.data());
  }
}
