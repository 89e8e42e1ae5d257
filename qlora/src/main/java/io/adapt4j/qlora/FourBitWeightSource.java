package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.FourBitKernels;
import io.adapt4j.kernels.internal.QuantizedTensor;
import io.adapt4j.kernels.internal.packed.WeightSource;

/** Where the 4-bit weight of a projection comes from. */
interface FourBitWeightSource extends WeightSource {

  /** How the weight is quantized. */
  FourBitFormat format();

  /**
   * Reads the weight.
   *
   * @param codes takes the packed codes
   * @param kernels quantize it where it is not quantized yet
   * @return the weight, whose codes lie in that memory
   */
  QuantizedTensor read(Checkpoint checkpoint, Tensor codes, FourBitKernels kernels);
}
