package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;

/** Wraps another weight format and allows decoding steps to round activations to 8 bits. */
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
      decoder.packedLinears().forEach(QuantizedLinear::roundInputsInSteps);
    }
  }

  @Override
  public WeightSizes packing() {
    return weights.packing();
  }
}
