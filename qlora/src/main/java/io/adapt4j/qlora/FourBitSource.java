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
 * A weight that a checkpoint stores in 4 bits. Its codes are copied: truncating a mapped file while
 * the model runs would crash the process.
 */
record FourBitSource(
    String name, String storedName, QuantState state, Map<String, List<Long>> stored)
    implements FourBitWeightSource {

  FourBitSource {
    stored = Map.copyOf(stored);
  }

  @Override
  public FourBitFormat format() {
    return state.format();
  }

  @Override
  public StoredType original() {
    return state.original();
  }

  @Override
  public QuantizedTensor read(Checkpoint checkpoint, Tensor codes, FourBitKernels kernels) {
    return new FourBitReader(checkpoint).read(storedName, codes.data());
  }
}
