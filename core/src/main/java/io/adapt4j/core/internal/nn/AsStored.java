package io.adapt4j.core.internal.nn;

import io.adapt4j.core.internal.checkpoint.Checkpoint;

/** Leaves the layers as they were declared. */
enum AsStored implements WeightFormat {
  INSTANCE;

  @Override
  public String description() {
    return "as stored";
  }

  @Override
  public void install(Network declared, Checkpoint checkpoint) {
    // A declared network holds plain weights already.
  }
}
