package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.QuantizedTensor;
import java.util.List;
import java.util.Map;

/** An unquantized weight to quantize to 4 bits. */
record PlainFourBitSource(PlainSource plain, FourBitFormat format) implements FourBitWeightSource {

  @Override
  public String name() {
    return plain.name();
  }

  @Override
  public StoredType original() {
    return plain.original();
  }

  @Override
  public Map<String, List<Long>> stored() {
    return plain.stored();
  }

  @Override
  public QuantizedTensor read(Checkpoint checkpoint, Tensor codes, FourBitKernels kernels) {
    return plain.open(checkpoint).quantize(format, kernels, codes.data());
  }
}
