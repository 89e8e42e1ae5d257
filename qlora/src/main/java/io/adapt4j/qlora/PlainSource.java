package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.QuantizedTensor;
import java.util.List;
import java.util.Map;

/**
 * An unquantized weight of a checkpoint, which is quantized piece by piece as it is read.
 *
 * @param name the name of the weight
 * @param storedName the name in the checkpoint
 * @param shape dimensions there
 * @param original the type there
 * @param transposed whether it is stored as [in, out]
 * @param format how to quantize it
 */
record PlainSource(
    String name,
    String storedName,
    List<Long> shape,
    StoredType original,
    boolean transposed,
    FourBitFormat format)
    implements WeightSource {

  @Override
  public Map<String, List<Long>> stored() {
    return Map.of(storedName, shape);
  }

  @Override
  public QuantizedTensor read(Checkpoint checkpoint, Tensor codes, FourBitKernels kernels) {
    return new StoredWeight(checkpoint, storedName, transposed)
        .quantize(format, kernels, codes.data());
  }
}
