package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.QuantizedTensor;
import io.adapt4j.kernels.internal.packed.WeightSource;

/** Source of a projection's 4-bit weight. */
interface FourBitWeightSource extends WeightSource {

  FourBitFormat format();

  QuantizedTensor read(Checkpoint checkpoint, Tensor codes, FourBitKernels kernels);
}
