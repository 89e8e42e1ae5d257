package io.adapt4j.qlora;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.Packing;
import io.adapt4j.core.internal.nn.WeightMechanics;

/** Holds the linear layers of a network in 4 bits. */
record QuantisedWeights(QuantiseOptions options) implements WeightMechanics {

  @Override
  public String description() {
    return options.description();
  }

  @Override
  public void install(Network declared, Checkpoint checkpoint) {
    PlainSources.install(options.quantization().format(), options.modules(), declared, checkpoint);
  }

  @Override
  public Packing packing() {
    return FourBitSizes.packing(options.quantization().format(), options.modules());
  }
}
