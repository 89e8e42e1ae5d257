package io.adapt4j.core.internal.nn.weights;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.method.WeightFormat;

/** Keeps the layers as declared. */
enum AsStored implements WeightMechanics {
  INSTANCE;

  @Override
  public String description() {
    return WeightFormat.asStored().description();
  }

  @Override
  public void install(Network declared, Checkpoint checkpoint) {
    // A declared network has plain layers already.
  }
}
