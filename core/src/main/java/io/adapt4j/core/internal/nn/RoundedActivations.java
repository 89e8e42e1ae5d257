package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.checkpoint.Checkpoint;

/** Holds weights as another format does, and lets decoding steps round what they multiply. */
record RoundedActivations(WeightMechanics weights) implements WeightMechanics {

  @Override
  public String description() {
    return weights.description() + ", activations in 8 bits while decoding";
  }

  @Override
  public void install(Network declared, Checkpoint checkpoint) {
    weights.install(declared, checkpoint);
    if (declared instanceof Decoder decoder) {
      decoder.roundActivationsInSteps();
    }
  }

  @Override
  public WeightSizes packing() {
    return weights.packing();
  }
}
