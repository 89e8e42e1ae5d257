package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.WeightMechanics;
import io.adapt4j.core.internal.nn.WeightSizes;

/** Holds the linear layers of a network in 4 bits. */
record QuantizedWeights(Quantization quantization) implements WeightMechanics {

  @Override
  public String description() {
    return quantization.description();
  }

  @Override
  public void install(Network declared, Checkpoint checkpoint) {
    PlainSources.install(quantization.format(), quantization.modules(), declared, checkpoint);
  }

  @Override
  public WeightSizes packing() {
    return FourBitSizes.packing(quantization.format(), quantization.modules());
  }
}
