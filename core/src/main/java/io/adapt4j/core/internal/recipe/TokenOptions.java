package io.adapt4j.core.internal.recipe;

import io.adapt4j.core.data.LossOn;
import io.adapt4j.core.internal.data.Batching;
import io.adapt4j.core.internal.data.ExampleEncoder;
import java.util.Optional;

/** How rows become tokens, and tokens batches. */
public record TokenOptions(Batching batching, LossOn lossOn, Optional<Integer> overlap) {

  ExampleEncoder.Builder applyTo(ExampleEncoder.Builder encoder) {
    overlap.ifPresent(encoder::overlap);
    return encoder.lossOn(lossOn);
  }

  /** How to evaluate: the order of samples is of no consequence, so they need little filling. */
  public Batching evaluation() {
    return batching == Batching.PACKED ? Batching.PACKED : Batching.BY_LENGTH;
  }
}
