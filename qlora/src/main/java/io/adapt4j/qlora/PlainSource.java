package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.kernels.internal.packed.WeightSource;
import java.util.List;
import java.util.Map;

/**
 * An unquantized weight of a checkpoint, quantized piece by piece while it is read.
 *
 * @param transposed whether it is stored as [in, out]
 */
record PlainSource(
    String name, String storedName, List<Long> shape, StoredType original, boolean transposed)
    implements WeightSource {

  @Override
  public Map<String, List<Long>> stored() {
    return Map.of(storedName, shape);
  }

  /** Opens the weight without reading it. */
  StoredWeight open(Checkpoint checkpoint) {
    return new StoredWeight(checkpoint, storedName, transposed);
  }
}
